import { sql } from "drizzle-orm";
import { boolean, check, integer, pgTable, text, uniqueIndex, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant, updatedAt } from "./columns.ts";

/** Accounts. Usernames and e-mail addresses are unique whatever their case, and keep the case they were given. */
export const users = pgTable(
  "users",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    username: varchar("username", { length: 50 }).notNull(),
    /** What is left of the username without what only looks different (`username.ts`). Null for accounts that nobody signs in to. */
    usernameSkeleton: varchar("username_skeleton", { length: 255 }),
    email: varchar("email", { length: 100 }).notNull(),
    /** argon2id in PHC format, made by the caller. */
    hashedPassword: varchar("hashed_password", { length: 255 }).notNull(),
    fullName: varchar("full_name", { length: 100 }),
    avatarUrl: varchar("avatar_url", { length: 500 }),
    bio: text("bio"),
    role: varchar("role", { length: 20, enum: ["user", "moderator", "admin"] })
      .notNull()
      .default("user"),
    /** An inactive account can neither sign in nor publish. */
    isActive: boolean("is_active").notNull().default(true),
    /** When its owner deleted the account: the row stays, without anything personal, for what refers to it. */
    deletedAt: instant("deleted_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("users_username_unique").on(sql`lower(${table.username})`),
    uniqueIndex("users_username_skeleton_unique").on(table.usernameSkeleton),
    uniqueIndex("users_email_unique").on(sql`lower(${table.email})`),
    check("users_role_check", sql`${table.role} in ('user', 'moderator', 'admin')`),
    check("users_username_check", sql`${table.username} <> ''`),
    check("users_email_check", sql`${table.email} <> ''`),
  ],
);

import { sql } from "drizzle-orm";
import { index, integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant } from "./columns.ts";
import { users } from "./users.ts";

/** One row per sign-in: a browser or program of a user. Its refresh tokens are one family. */
export const sessions = pgTable(
  "sessions",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    userAgent: varchar("user_agent", { length: 300 }).notNull().default(""),
    address: varchar("address", { length: 45 }).notNull().default(""),
    createdAt: createdAt(),
    lastUsedAt: instant("last_used_at").notNull().defaultNow(),
    /** When its newest refresh token runs out. */
    expiresAt: instant("expires_at").notNull(),
    revokedAt: instant("revoked_at"),
    revokedFor: varchar("revoked_for", { length: 30, enum: ["logout", "reuse", "password", "admin", "deactivated"] }),
  },
  (table) => [
    index("sessions_user_id_index").on(table.userId).where(sql`${table.revokedAt} is null`),
    index("sessions_expires_at_index").on(table.expiresAt),
  ],
);

/** Each may be used once: whoever brings a used one had it stolen, or is the thief, and the whole session ends. */
export const refreshTokens = pgTable(
  "refresh_tokens",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    sessionId: integer("session_id")
      .notNull()
      .references(() => sessions.id, { onDelete: "cascade" }),
    /** SHA-256 of the token, base64url: the token itself has 256 random bits. */
    tokenHash: varchar("token_hash", { length: 64 }).notNull(),
    createdAt: createdAt(),
    usedAt: instant("used_at"),
  },
  (table) => [
    unique("refresh_tokens_token_hash_unique").on(table.tokenHash),
    index("refresh_tokens_session_id_index").on(table.sessionId),
  ],
);

import { index, integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant } from "./columns.ts";
import { users } from "./users.ts";

/** Links for a new password that were sent by mail. Used is deleted. */
export const passwordResets = pgTable(
  "password_resets",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** SHA-256 of the link's token, base64url: the token itself has 256 random bits. */
    tokenHash: varchar("token_hash", { length: 64 }).notNull(),
    createdAt: createdAt(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [
    unique("password_resets_token_hash_unique").on(table.tokenHash),
    index("password_resets_user_id_index").on(table.userId),
  ],
);

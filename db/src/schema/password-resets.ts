import { index, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant } from "./columns.ts";
import { users } from "./users.ts";

/** Letters that open an account without its password, each for a while and once. The latest of an account counts. */
export const passwordResets = pgTable(
  "password_resets",
  {
    /** SHA-256 of the token, base64url: the letter alone has the token itself. */
    tokenHash: varchar("token_hash", { length: 43 }).primaryKey(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    expiresAt: instant("expires_at").notNull(),
    createdAt: createdAt(),
  },
  (table) => [index("password_resets_user_id_index").on(table.userId)],
);

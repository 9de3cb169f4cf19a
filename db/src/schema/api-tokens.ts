import { index, integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";
import { createdAt, instant } from "./columns.ts";
import { users } from "./users.ts";

/** What a program may do with an account; each includes those before it. */
export const TOKEN_SCOPES = ["read", "channels", "admin"] as const;

/** Tokens that programs of a user send in the place of a sign-in. Revoked is deleted. */
export const apiTokens = pgTable(
  "api_tokens",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: varchar("name", { length: 100 }).notNull(),
    scope: varchar("scope", { length: 20, enum: TOKEN_SCOPES }).notNull(),
    /** SHA-256 of the token, base64url: the token itself has 256 random bits. */
    tokenHash: varchar("token_hash", { length: 64 }).notNull(),
    /** The token's last characters: its owner tells one from another by them. */
    hint: varchar("hint", { length: 4 }).notNull(),
    createdAt: createdAt(),
    /** To about a minute. */
    lastUsedAt: instant("last_used_at"),
    /** Null: until it is revoked. */
    expiresAt: instant("expires_at"),
  },
  (table) => [
    unique("api_tokens_token_hash_unique").on(table.tokenHash),
    index("api_tokens_user_id_index").on(table.userId),
  ],
);

import { index, integer, pgTable, primaryKey, text, varchar } from "drizzle-orm/pg-core";
import { createdAt } from "./columns.ts";
import { users } from "./users.ts";

/** Answers of creating requests that carried an Idempotency-Key: the same request again gets the same answer instead of a second row. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    key: varchar("key", { length: 255 }).notNull(),
    /** SHA-256 of method, path and body: the same key with another request is a mistake of the caller. */
    fingerprint: varchar("fingerprint", { length: 64 }).notNull(),
    /** Null while the first request is still being worked on. */
    status: integer("status"),
    /** JSON. */
    body: text("body"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "idempotency_keys_pkey", columns: [table.userId, table.key] }),
    index("idempotency_keys_created_at_index").on(table.createdAt),
  ],
);

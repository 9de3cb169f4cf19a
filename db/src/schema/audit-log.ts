import { index, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { users } from "./users.ts";

/** What people, and programs of theirs, have changed over the API: written once, never changed, forgotten after a time. */
export const auditLog = pgTable(
  "audit_log",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    at: instant("at").notNull().defaultNow(),
    /** Accounts that are deleted keep a row without a name. */
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Of the API token that it was done with, which may be revoked since; null: somebody who had signed in. */
    tokenId: integer("token_id"),
    method: varchar("method", { length: 10 }).notNull(),
    /** The route's template. */
    route: varchar("route", { length: 120 }).notNull(),
    /** With the ids in it, without a query. */
    path: varchar("path", { length: 300 }).notNull(),
    /** Names of what was given; with the value where that is one of a few words, such as `role=admin`. */
    fields: varchar("fields", { length: 80 }).array().notNull(),
    /** Null: nobody knows, or the account is deleted. */
    address: varchar("address", { length: 64 }),
  },
  (table) => [index("audit_log_user_id_index").on(table.userId, table.id), index("audit_log_at_index").on(table.at)],
);

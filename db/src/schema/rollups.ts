import { sql } from "drizzle-orm";
import { check, pgTable, varchar } from "drizzle-orm/pg-core";

/** How far the daily sums have come: one row per kind of sum. */
export const rollups = pgTable(
  "rollups",
  {
    name: varchar("name", { length: 50 }).primaryKey(),
    /** YYYY-MM-DD, UTC: the first day that may still change. All days before it are final. */
    openFrom: varchar("open_from", { length: 10 }).notNull(),
  },
  (table) => [check("rollups_open_from_check", sql`${table.openFrom} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'`)],
);

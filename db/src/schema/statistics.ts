import { sql } from "drizzle-orm";
import { bigint, check, doublePrecision, integer, pgTable, unique, varchar } from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";

/** One row per channel and UTC day. */
export const statistics = pgTable(
  "statistics",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    channelId: integer("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    /** YYYY-MM-DD. */
    date: varchar("date", { length: 10 }).notNull(),
    totalViews: integer("total_views").notNull().default(0),
    uniqueViewers: integer("unique_viewers").notNull().default(0),
    /** Seconds. */
    avgWatchTime: doublePrecision("avg_watch_time").notNull().default(0),
    /** Seconds. */
    watchTime: bigint("watch_time", { mode: "number" }).notNull().default(0),
    /** Most viewers at once on that day. */
    peakViewers: integer("peak_viewers").notNull().default(0),
  },
  (table) => [
    // Also the index of "the days of a channel, in order".
    unique("statistics_channel_date_unique").on(table.channelId, table.date),
    check("statistics_date_check", sql`${table.date} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'`),
    check(
      "statistics_counters_check",
      sql`${table.totalViews} >= 0 and ${table.uniqueViewers} >= 0 and ${table.avgWatchTime} >= 0
        and ${table.watchTime} >= 0 and ${table.peakViewers} >= 0`,
    ),
  ],
);

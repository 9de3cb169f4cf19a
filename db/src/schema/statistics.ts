import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  unique,
  varchar,
} from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { streams } from "./streams.ts";
import { users } from "./users.ts";

/** One row per channel and UTC day. A viewing session belongs to the day on which it began. */
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
    /** Views by class of device. */
    devices: jsonb("devices").$type<Readonly<Record<string, number>>>().notNull().default({}),
    /** Views by the host that led here, "" for none; those with the most views. */
    referrers: jsonb("referrers").$type<Readonly<Record<string, number>>>().notNull().default({}),
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

/**
 * Which accounts watched a channel on a day, so that one who comes every day counts once in a month. A removed account is nobody in particular
 * from then on, like viewers without one.
 */
export const statisticsViewers = pgTable(
  "statistics_viewers",
  {
    channelId: integer("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    /** YYYY-MM-DD. */
    date: varchar("date", { length: 10 }).notNull(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
  },
  (table) => [
    primaryKey({ name: "statistics_viewers_pkey", columns: [table.channelId, table.date, table.userId] }),
    index("statistics_viewers_user_id_index").on(table.userId),
    check("statistics_viewers_date_check", sql`${table.date} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'`),
  ],
);

/** What of a channel's day was watched: its views by stream. */
export const statisticsStreams = pgTable(
  "statistics_streams",
  {
    channelId: integer("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    /** YYYY-MM-DD. */
    date: varchar("date", { length: 10 }).notNull(),
    streamId: integer("stream_id")
      .notNull()
      .references(() => streams.id, { onDelete: "cascade" }),
    views: integer("views").notNull().default(0),
    /** Seconds. */
    watchTime: bigint("watch_time", { mode: "number" }).notNull().default(0),
  },
  (table) => [
    primaryKey({ name: "statistics_streams_pkey", columns: [table.channelId, table.date, table.streamId] }),
    index("statistics_streams_stream_id_index").on(table.streamId),
    check("statistics_streams_date_check", sql`${table.date} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'`),
    check("statistics_streams_counters_check", sql`${table.views} >= 0 and ${table.watchTime} >= 0`),
  ],
);

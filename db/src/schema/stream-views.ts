import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { instant, numberSet } from "./columns.ts";
import { streams } from "./streams.ts";
import { users } from "./users.ts";

/**
 * One row per viewing session of a stream, anonymous or signed in. Heartbeats rewrite it again and again: none of the columns that they
 * change is in an index, so that PostgreSQL need not touch those (HOT updates).
 */
export const streamViews = pgTable(
  "stream_views",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    streamId: integer("stream_id")
      .notNull()
      .references(() => streams.id, { onDelete: "cascade" }),
    /** A removed account leaves its views behind, nameless: the statistics stay true. */
    userId: integer("user_id").references(() => users.id, { onDelete: "set null" }),
    /** Random, made when the session opens; heartbeats and the end name it. */
    sessionId: varchar("session_id", { length: 255 }).notNull().unique("stream_views_session_id_unique"),
    /** Seconds. */
    watchDuration: integer("watch_duration").notNull().default(0),
    startedAt: instant("started_at").notNull().defaultNow(),
    /** Up to when its time is counted: the last heartbeat. */
    heartbeatAt: instant("heartbeat_at"),
    /** The minutes of the stream that it has watched. */
    minutes: numberSet("minutes"),
    endedAt: instant("ended_at"),
    /** Who is watching without saying who: a hash of browser and day that can't be turned back. One viewer may open several sessions. */
    visitor: varchar("visitor", { length: 64 }).notNull().default(""),
    device: varchar("device", { length: 20, enum: ["desktop", "mobile", "tablet", "tv", "other"] })
      .notNull()
      .default("other"),
    /** Host name of the page that led here; empty for none. */
    referrer: varchar("referrer", { length: 255 }).notNull().default(""),
  },
  (table) => [
    index("stream_views_stream_started_index").on(table.streamId, table.startedAt),
    // A day of all channels, for the daily roll-up.
    index("stream_views_started_index").on(table.startedAt),
    index("stream_views_user_id_index").on(table.userId),
    // A viewer who comes back goes on with the same session.
    index("stream_views_visitor_index").on(table.visitor, table.streamId),
    // Open sessions, for the sweep that ends those that fell silent.
    index("stream_views_open_index").on(table.id).where(sql`${table.endedAt} is null`),
    check("stream_views_device_check", sql`${table.device} in ('desktop', 'mobile', 'tablet', 'tv', 'other')`),
    check("stream_views_watch_duration_check", sql`${table.watchDuration} >= 0`),
    check("stream_views_ended_check", sql`${table.endedAt} >= ${table.startedAt}`),
  ],
);

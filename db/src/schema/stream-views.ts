import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, varchar } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { streams } from "./streams.ts";
import { users } from "./users.ts";

/** One row per viewing session of a stream, anonymous or signed in. */
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
    endedAt: instant("ended_at"),
  },
  (table) => [
    index("stream_views_stream_started_index").on(table.streamId, table.startedAt),
    index("stream_views_user_id_index").on(table.userId),
    check("stream_views_watch_duration_check", sql`${table.watchDuration} >= 0`),
    check("stream_views_ended_check", sql`${table.endedAt} >= ${table.startedAt}`),
  ],
);

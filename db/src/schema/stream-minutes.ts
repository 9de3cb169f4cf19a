import { sql } from "drizzle-orm";
import { check, integer, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { streams } from "./streams.ts";

/** What happened in each minute of a stream, counted from its start: the viewer timeline and the retention curve. */
export const streamMinutes = pgTable(
  "stream_minutes",
  {
    streamId: integer("stream_id")
      .notNull()
      .references(() => streams.id, { onDelete: "cascade" }),
    /** 0 is the first minute. */
    minute: integer("minute").notNull(),
    /** Most viewers at once within that minute, of the live broadcast. */
    viewers: integer("viewers").notNull().default(0),
    /** Viewing sessions that watched in this minute of the stream. */
    watched: integer("watched").notNull().default(0),
  },
  (table) => [
    primaryKey({ name: "stream_minutes_pkey", columns: [table.streamId, table.minute] }),
    check(
      "stream_minutes_counters_check",
      sql`${table.minute} >= 0 and ${table.viewers} >= 0 and ${table.watched} >= 0`,
    ),
  ],
);

import { sql } from "drizzle-orm";
import { bigint, check, integer, pgTable, primaryKey, varchar } from "drizzle-orm/pg-core";
import { streams } from "./streams.ts";

/**
 * How a stream played, as players said themselves: sums over all of them, one row for each way of playing. Nothing in it is about one viewer. The
 * elements of an array are those of `JOIN_BOUNDS` or `LATENCY_BOUNDS`, and one for what is above.
 */
export const playbackQuality = pgTable(
  "playback_quality",
  {
    streamId: integer("stream_id")
      .notNull()
      .references(() => streams.id, { onDelete: "cascade" }),
    player: varchar("player", { length: 20, enum: ["hls", "dash", "frames", "native"] }).notNull(),
    reports: integer("reports").notNull(),
    /** First pictures, by how long they took. */
    joins: integer("joins").array().notNull(),
    /** Reports of players at the live edge, by their mean latency. */
    latencies: integer("latencies").array().notNull(),
    /** Milliseconds. */
    played: bigint("played", { mode: "number" }).notNull(),
    /** Milliseconds in which the picture stood still and nobody wanted it to. */
    stalled: bigint("stalled", { mode: "number" }).notNull(),
    stalls: integer("stalls").notNull(),
    /** Changes of the quality. */
    switches: integer("switches").notNull(),
    frames: bigint("frames", { mode: "number" }).notNull(),
    dropped: bigint("dropped", { mode: "number" }).notNull(),
    errors: integer("errors").notNull(),
  },
  (table) => [
    primaryKey({ name: "playback_quality_pkey", columns: [table.streamId, table.player] }),
    check("playback_quality_player_check", sql`${table.player} in ('hls', 'dash', 'frames', 'native')`),
  ],
);

import { integer, jsonb, pgTable, primaryKey, real } from "drizzle-orm/pg-core";
import { instant } from "./columns.ts";
import { streams } from "./streams.ts";

/** What ingest measured of a broadcast second by second. Each array has 60 elements, one for each second of the minute; null: nothing was measured. */
export const streamHealth = pgTable(
  "stream_health",
  {
    streamId: integer("stream_id")
      .notNull()
      .references(() => streams.id, { onDelete: "cascade" }),
    /** Its first moment. */
    minute: instant("minute").notNull(),
    bitrateKbps: integer("bitrate_kbps").array().notNull(),
    fps: real("fps").array().notNull(),
    keyframeSeconds: real("keyframe_seconds").array().notNull(),
    missingFrames: integer("missing_frames").array().notNull(),
    skewMs: integer("skew_ms").array().notNull(),
    /** By the problem's code: first and last second of each stretch, one after the other. */
    problems: jsonb("problems").$type<Readonly<Record<string, readonly number[]>>>().notNull(),
  },
  (table) => [primaryKey({ name: "stream_health_pkey", columns: [table.streamId, table.minute] })],
);

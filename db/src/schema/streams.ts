import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, uniqueIndex, varchar } from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { createdAt, instant, searchLetters, searchVector, updatedAt } from "./columns.ts";

/**
 * One row per going-live. Its life, read from the columns:
 * planned (`started_at` null) → armed (`armed_at` set by POST …/start: the next publish takes this row) → live (`is_live`, `started_at`,
 * `ingest_node`, `heartbeat_at`) → over (`ended_at`, `duration`).
 */
export const streams = pgTable(
  "streams",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    channelId: integer("channel_id")
      .notNull()
      .references(() => channels.id, { onDelete: "cascade" }),
    title: varchar("title", { length: 200 }).notNull(),
    description: text("description"),
    thumbnailUrl: varchar("thumbnail_url", { length: 500 }),
    coverImageUrl: varchar("cover_image_url", { length: 500 }),
    /** Whole seconds from `started_at` to `ended_at`; null until the stream is over. */
    duration: integer("duration"),
    scheduledFor: instant("scheduled_for"),
    armedAt: instant("armed_at"),
    startedAt: instant("started_at"),
    endedAt: instant("ended_at"),
    isLive: boolean("is_live").notNull().default(false),
    isArchived: boolean("is_archived").notNull().default(false),
    viewCount: integer("view_count").notNull().default(0),
    /** Most viewers at once. */
    peakViewers: integer("peak_viewers").notNull().default(0),
    /** Name of the ingest node that has, or had, this stream. */
    ingestNode: varchar("ingest_node", { length: 100 }),
    /** Last sign of life of that node for this stream: after a crash this is when the stream ended. */
    heartbeatAt: instant("heartbeat_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    search: searchVector("search"),
  },
  (table) => [
    uniqueIndex("streams_one_live_per_channel").on(table.channelId).where(sql`${table.isLive}`),
    // Lists: live ones, all started ones, and those of one channel; newest start first, keyset on (started_at, id).
    index("streams_live_index")
      .on(table.startedAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`${table.isLive}`),
    index("streams_started_index")
      .on(table.startedAt.desc().nullsFirst(), table.id.desc().nullsFirst())
      .where(sql`${table.startedAt} is not null`),
    index("streams_channel_started_index").on(
      table.channelId,
      table.startedAt.desc().nullsFirst(),
      table.id.desc().nullsFirst(),
    ),
    // Streams that were live on a day, for the daily roll-up.
    index("streams_ended_index").on(table.endedAt),
    index("streams_ingest_node_index").on(table.ingestNode).where(sql`${table.isLive}`),
    index("streams_search_index").using("gin", table.search),
    index("streams_title_letters_index").using("gin", sql`(${searchLetters(table.title)}) gin_trgm_ops`),
    check("streams_duration_check", sql`${table.duration} >= 0`),
    check("streams_view_count_check", sql`${table.viewCount} >= 0 and ${table.peakViewers} >= 0`),
    check("streams_ended_check", sql`${table.endedAt} >= ${table.startedAt}`),
    check(
      "streams_live_check",
      sql`not ${table.isLive} or (${table.startedAt} is not null and ${table.endedAt} is null)`,
    ),
  ],
);

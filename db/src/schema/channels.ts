import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, varchar } from "drizzle-orm/pg-core";
import { SLUG_PATTERN } from "../slug.ts";
import { createdAt, instant, searchLetters, searchVector, updatedAt } from "./columns.ts";
import { users } from "./users.ts";

/**
 * Places to broadcast from. A stream key is a secret of the owner that a leaked database does not give away: `stream_key` is its keyed hash,
 * `stream_key_sealed` the key itself, encrypted (`key-vault.ts`). No public query selects either.
 */
export const channels = pgTable(
  "channels",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    /** Restricted: an account is only removed once its channels (and their recordings on disk) have been dealt with. */
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "restrict" }),
    slug: varchar("slug", { length: 64 }).notNull().unique("channels_slug_unique"),
    title: varchar("title", { length: 200 }).notNull(),
    description: text("description"),
    thumbnailUrl: varchar("thumbnail_url", { length: 500 }),
    streamKey: varchar("stream_key", { length: 255 }).notNull().unique("channels_stream_key_unique"),
    /** Null only in rows from before keys were sealed, until the next start has sealed them. */
    streamKeySealed: varchar("stream_key_sealed", { length: 255 }),
    streamKeyUsedAt: instant("stream_key_used_at"),
    /** Address that last published, without its port. */
    streamKeyUsedFrom: varchar("stream_key_used_from", { length: 45 }),
    /** Set by POST /api/streams/{id}/stop: an encoder that reconnects by itself is refused until then. */
    publishBlockedUntil: instant("publish_blocked_until"),
    visibility: varchar("visibility", { length: 20, enum: ["public", "unlisted", "private"] })
      .notNull()
      .default("public"),
    /** How close to live its viewers are. */
    latency: varchar("latency", { length: 20, enum: ["ultra", "balanced", "standard"] })
      .notNull()
      .default("balanced"),
    /** What broadcasts are offered in: as the encoder sends them, or in smaller renditions besides. */
    quality: varchar("quality", { length: 20, enum: ["source", "ladder"] })
      .notNull()
      .default("source"),
    /** What a second encoder with the same key does: takes the broadcast over, or is refused while the first one is alive. */
    secondEncoder: varchar("second_encoder", { length: 20, enum: ["takeover", "refuse"] })
      .notNull()
      .default("takeover"),
    /** What makes HLS and DASH of its media; `auto`: as the server is set. */
    remuxer: varchar("remuxer", { length: 20, enum: ["auto", "ffmpeg", "native"] })
      .notNull()
      .default("auto"),
    /** Broadcasts are kept as recordings. */
    isRecorded: boolean("is_recorded").notNull().default(true),
    /** How far viewers may rewind while it is live, in seconds; 0: only what players need. Null: to its beginning. */
    dvrSeconds: integer("dvr_seconds").default(7200),
    isLive: boolean("is_live").notNull().default(false),
    viewersCount: integer("viewers_count").notNull().default(0),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    search: searchVector("search"),
  },
  (table) => [
    index("channels_user_id_index").on(table.userId),
    // The public list: newest first, keyset on the id.
    index("channels_public_index").on(table.id.desc().nullsFirst()).where(sql`${table.visibility} = 'public'`),
    index("channels_search_index").using("gin", table.search),
    index("channels_title_letters_index").using("gin", sql`(${searchLetters(table.title)}) gin_trgm_ops`),
    check("channels_slug_check", sql`${table.slug} ~ ${sql.raw(`'${SLUG_PATTERN}'`)}`),
    check("channels_visibility_check", sql`${table.visibility} in ('public', 'unlisted', 'private')`),
    check("channels_latency_check", sql`${table.latency} in ('ultra', 'balanced', 'standard')`),
    check("channels_quality_check", sql`${table.quality} in ('source', 'ladder')`),
    check("channels_second_encoder_check", sql`${table.secondEncoder} in ('takeover', 'refuse')`),
    check("channels_remuxer_check", sql`${table.remuxer} in ('auto', 'ffmpeg', 'native')`),
    check("channels_dvr_seconds_check", sql`${table.dvrSeconds} >= 0`),
    check("channels_viewers_count_check", sql`${table.viewersCount} >= 0`),
    // A key that is also the public name would be no secret.
    check("channels_stream_key_check", sql`${table.streamKey} <> '' and ${table.streamKey} <> ${table.slug}`),
  ],
);

import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, varchar } from "drizzle-orm/pg-core";
import { SLUG_PATTERN } from "../slug.ts";
import { createdAt, updatedAt } from "./columns.ts";
import { users } from "./users.ts";

/** Places to broadcast from. `stream_key` is a secret of the owner: no public query selects it. */
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
    visibility: varchar("visibility", { length: 20, enum: ["public", "unlisted", "private"] })
      .notNull()
      .default("public"),
    isLive: boolean("is_live").notNull().default(false),
    viewersCount: integer("viewers_count").notNull().default(0),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("channels_user_id_index").on(table.userId),
    // The public list: newest first, keyset on the id.
    index("channels_public_index").on(table.id.desc().nullsFirst()).where(sql`${table.visibility} = 'public'`),
    check("channels_slug_check", sql`${table.slug} ~ ${sql.raw(`'${SLUG_PATTERN}'`)}`),
    check("channels_visibility_check", sql`${table.visibility} in ('public', 'unlisted', 'private')`),
    check("channels_viewers_count_check", sql`${table.viewersCount} >= 0`),
    // A key that is also the public name would be no secret.
    check("channels_stream_key_check", sql`${table.streamKey} <> '' and ${table.streamKey} <> ${table.slug}`),
  ],
);

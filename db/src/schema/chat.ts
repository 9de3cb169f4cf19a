import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  boolean,
  check,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  varchar,
} from "drizzle-orm/pg-core";
import { channels } from "./channels.ts";
import { createdAt, instant } from "./columns.ts";
import { streams } from "./streams.ts";
import { users } from "./users.ts";

const ofChannel = () =>
  integer("channel_id")
    .notNull()
    .references(() => channels.id, { onDelete: "cascade" });
const ofUser = () =>
  integer("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

/** How a channel's chat is run; a channel without a row has the defaults. */
export const chatSettings = pgTable(
  "chat_settings",
  {
    channelId: integer("channel_id")
      .primaryKey()
      .references(() => channels.id, { onDelete: "cascade" }),
    isOn: boolean("is_on").notNull().default(true),
    /** Seconds between two messages of one person; 0: no slow mode. */
    slowSeconds: integer("slow_seconds").notNull().default(0),
    followersOnly: boolean("followers_only").notNull().default(false),
    /** Words and phrases that no message may have; one that ends with `*` stands for all that begin so. */
    blockedWords: text("blocked_words").array().notNull().default(sql`'{}'::text[]`),
  },
  (table) => [check("chat_settings_slow_check", sql`${table.slowSeconds} between 0 and 86400`)],
);

/** One row per message. What is deleted loses its text at once and its row later: an answer to it still knows that there was one. */
export const chatMessages = pgTable(
  "chat_messages",
  {
    id: integer("id").primaryKey().generatedAlwaysAsIdentity(),
    channelId: ofChannel(),
    /** The broadcast that it was said in; null: while nothing was live. */
    streamId: integer("stream_id").references(() => streams.id, { onDelete: "cascade" }),
    userId: ofUser(),
    replyTo: integer("reply_to").references((): AnyPgColumn => chatMessages.id, { onDelete: "set null" }),
    text: varchar("text", { length: 500 }).notNull(),
    /** What of the broadcast the writer saw, by the clock: who watches later reads it when that is on the screen. */
    mediaAt: instant("media_at"),
    /** Hash of the browser's cookie, for bans that outlive an account; forgotten after some weeks. */
    browser: varchar("browser", { length: 22 }),
    createdAt: createdAt(),
    deletedAt: instant("deleted_at"),
  },
  (table) => [
    index("chat_messages_channel_id_id_index").on(table.channelId, table.id),
    // The replay of a broadcast.
    index("chat_messages_stream_id_media_at_id_index").on(table.streamId, table.mediaAt, table.id),
    // What one person said in a channel, and all of an account that goes.
    index("chat_messages_user_id_channel_id_id_index").on(table.userId, table.channelId, table.id),
    // "set null" looks for answers.
    index("chat_messages_reply_to_index").on(table.replyTo).where(sql`${table.replyTo} is not null`),
    index("chat_messages_old_index")
      .on(table.createdAt)
      .where(sql`${table.browser} is not null or ${table.deletedAt} is not null`),
  ],
);

/** Who may not write in a channel's chat. */
export const chatBans = pgTable(
  "chat_bans",
  {
    channelId: ofChannel(),
    userId: ofUser(),
    /** Who decided it; null: an account that is gone. */
    bannedBy: integer("banned_by").references(() => users.id, { onDelete: "set null" }),
    /** Null: for ever. */
    until: instant("until"),
    /** Hashes of the browsers that were used: another name in them is no way around. */
    browsers: varchar("browsers", { length: 22 }).array().notNull().default(sql`'{}'::varchar[]`),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ name: "chat_bans_pkey", columns: [table.channelId, table.userId] }),
    index("chat_bans_user_id_index").on(table.userId),
  ],
);

/** Who keeps order in a channel's chat beside its owner. */
export const chatModerators = pgTable(
  "chat_moderators",
  { channelId: ofChannel(), userId: ofUser(), createdAt: createdAt() },
  (table) => [
    primaryKey({ name: "chat_moderators_pkey", columns: [table.channelId, table.userId] }),
    index("chat_moderators_user_id_index").on(table.userId),
  ],
);

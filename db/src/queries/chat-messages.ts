/** What is said in the chats of channels. */
import { and, desc, eq, isNull, lt, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { chatMessages, chatModerators } from "../schema/chat.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";
import { clampLimit, decodeCursor, ordered, type Page, type PageRequest, toPage } from "./cursor.ts";

/** Characters of a message that an answer to it repeats. */
const QUOTED = 120;

const answered = alias(chatMessages, "answered");
const answeredUser = alias(users, "answered_user");

const columns = {
  id: chatMessages.id,
  channelId: chatMessages.channelId,
  streamId: chatMessages.streamId,
  text: chatMessages.text,
  mediaAt: chatMessages.mediaAt,
  createdAt: chatMessages.createdAt,
  author: {
    id: users.id,
    username: users.username,
    fullName: users.fullName,
    avatarUrl: users.avatarUrl,
  },
  badge: sql<"owner" | "moderator" | null>`case
    when ${users.id} = ${channels.userId} then 'owner'
    when ${users.role} <> 'user' or exists (
      select 1 from ${chatModerators} where ${chatModerators.channelId} = ${channels.id} and ${chatModerators.userId} = ${users.id}
    ) then 'moderator'
  end`,
  replyTo: {
    id: answered.id,
    username: answeredUser.username,
    text: sql<string>`left(${answered.text}, ${sql.raw(String(QUOTED))})`,
  },
};

const select = (db: Database) =>
  db
    .select(columns)
    .from(chatMessages)
    .innerJoin(channels, eq(channels.id, chatMessages.channelId))
    .innerJoin(users, eq(users.id, chatMessages.userId))
    .leftJoin(answered, and(eq(answered.id, chatMessages.replyTo), isNull(answered.deletedAt)))
    .leftJoin(answeredUser, eq(answeredUser.id, answered.userId));

type Selected = Awaited<ReturnType<typeof select>>[number];
/** `replyTo`: null also when what was answered is gone. */
export type ChatMessage = Omit<Selected, "replyTo"> & {
  readonly replyTo: { readonly id: number; readonly username: string; readonly text: string } | null;
};

function whole({ replyTo, ...message }: Selected): ChatMessage {
  const known = replyTo !== null && replyTo.id !== null && replyTo.username !== null && replyTo.text !== null;
  return { ...message, replyTo: known ? (replyTo as NonNullable<ChatMessage["replyTo"]>) : null };
}

export interface NewChatMessage {
  readonly channelId: number;
  readonly streamId: number | null;
  readonly userId: number;
  /** Of the same channel, or it is none. */
  readonly replyTo: number | null;
  readonly text: string;
  readonly mediaAt: Date | null;
  /** Hash of the browser's cookie. */
  readonly browser: string | null;
}

/** Null: the channel, its broadcast or the writer went away meanwhile. */
export const addChatMessage = guarded(async (db: Database, message: NewChatMessage): Promise<ChatMessage | null> => {
  const { channelId, streamId, userId, replyTo, text, mediaAt, browser } = message;
  const at = mediaAt?.toISOString() ?? null;
  const [made] = await db.execute<{ id: number }>(sql`
    insert into ${chatMessages} (channel_id, stream_id, user_id, reply_to, text, media_at, browser)
    select c.id, s.id, u.id,
      (select a.id from ${chatMessages} a where a.id = ${isId(replyTo ?? 0) ? replyTo : null}::int and a.channel_id = c.id and a.deleted_at is null),
      ${text}, case when s.id is not null then ${at}::timestamptz end, ${browser}
    from ${channels} c
    join ${users} u on u.id = ${userId} and u.is_active
    left join streams s on s.id = ${streamId}::int and s.channel_id = c.id
    where c.id = ${channelId}
    returning id`);
  if (made === undefined) return null;
  const [row] = await select(db).where(eq(chatMessages.id, made.id));
  return row === undefined ? null : whole(row);
});

const shown = (channelId: number): SQL =>
  and(eq(chatMessages.channelId, channelId), isNull(chatMessages.deletedAt)) as SQL;

/** The newest first. */
export const listChatMessages = guarded(
  async (db: Database, channelId: number, request: PageRequest): Promise<Page<ChatMessage>> => {
    const limit = clampLimit(request.limit);
    const after = decodeCursor(request.cursor, 1);
    const rows = await select(db)
      .where(and(shown(channelId), after === null ? undefined : lt(chatMessages.id, after[0] ?? 0)))
      .orderBy(desc(chatMessages.id))
      .limit(limit + 1);
    return toPage(rows.map(whole), limit, ({ id }) => [id]);
  },
);

export interface ReplayRequest extends PageRequest {
  /** Of the media, by the clock. */
  readonly from: Date;
  readonly to: Date;
}

/** What was said about a stretch of a broadcast, in its order. */
export const replayChat = guarded(
  async (db: Database, streamId: number, request: ReplayRequest): Promise<Page<ChatMessage>> => {
    const limit = clampLimit(request.limit);
    const tag = 1;
    const { where, orderBy } = ordered(
      { tag, by: chatMessages.mediaAt, kind: "time", direction: "asc" },
      chatMessages.id,
      request.cursor,
    );
    const rows = await select(db)
      .where(
        and(
          eq(chatMessages.streamId, streamId),
          isNull(chatMessages.deletedAt),
          sql`${chatMessages.mediaAt} >= ${request.from.toISOString()}::timestamptz`,
          sql`${chatMessages.mediaAt} < ${request.to.toISOString()}::timestamptz`,
          where,
        ),
      )
      .orderBy(orderBy)
      .limit(limit + 1);
    // Whoever speaks in a broadcast has seen something of it.
    return toPage(rows.map(whole), limit, ({ mediaAt, id }) => [tag, mediaAt!.getTime(), id]);
  },
);

/** Takes its text away. False: there is none, or not of this writer. `authorId`: null for whoever keeps order. */
export const deleteChatMessage = guarded(
  async (db: Database, channelId: number, id: number, authorId: number | null): Promise<boolean> => {
    if (!isId(channelId) || !isId(id)) return false;
    const rows = await db
      .update(chatMessages)
      .set({ text: "", deletedAt: sql`now()` })
      .where(
        and(
          shown(channelId),
          eq(chatMessages.id, id),
          authorId === null ? undefined : eq(chatMessages.userId, authorId),
        ),
      )
      .returning({ id: chatMessages.id });
    return rows.length > 0;
  },
);

/** Browsers are forgotten, and rows of what was deleted go. Days. */
export const CHAT_MEMORY_DAYS = 30;

/** Returns how many rows changed; less than what there was while `limit` is reached. */
export const tidyChat = guarded(async (db: Database, limit: number): Promise<number> => {
  const old = sql`created_at < now() - make_interval(days => ${CHAT_MEMORY_DAYS})`;
  const [row] = await db.execute<{ changed: number }>(sql`
    with gone as (
      delete from ${chatMessages} where id in (
        select id from ${chatMessages} where ${old} and deleted_at is not null order by created_at limit ${limit})
      returning 1
    ), forgotten as (
      update ${chatMessages} set browser = null where id in (
        select id from ${chatMessages} where ${old} and browser is not null and deleted_at is null order by created_at limit ${limit})
      returning 1
    )
    select (select count(*) from gone)::int + (select count(*) from forgotten)::int as changed`);
  return row?.changed ?? 0;
});

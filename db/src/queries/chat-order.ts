/** Who may say what in a channel's chat: its settings, those who keep order, and those who may not write. */
import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { chatBans, chatMessages, chatModerators, chatSettings } from "../schema/chat.ts";
import { follows } from "../schema/follows.ts";
import { streams } from "../schema/streams.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";
import { clampLimit, ordered, type Page, type PageRequest, toOrderedPage } from "./cursor.ts";
import { mayOpen, type Viewer } from "./viewer.ts";

export const MAX_CHAT_MODERATORS = 100;
/** Of one ban: the newest stay. */
const MAX_BROWSERS = 20;
/** What somebody said goes with the ban, as far back as this. Hours. */
const CLEARED_HOURS = 24;

export type ChatSettings = Omit<typeof chatSettings.$inferSelect, "channelId">;

/** A channel's chat, and how one reader stands in it. */
export interface ChatStanding {
  readonly channelId: number;
  readonly ownerId: number;
  readonly visibility: "public" | "unlisted" | "private";
  readonly settings: ChatSettings;
  /** Named by the owner; whoever owns the channel, or keeps order everywhere, is not asked about here. */
  readonly isModerator: boolean;
  readonly follows: boolean;
  /** `until`: null for ever. */
  readonly ban: { readonly until: Date | null; readonly isOfBrowser: boolean } | null;
  readonly live: { readonly streamId: number; readonly startedAt: Date } | null;
}

const SETTINGS = {
  isOn: sql<boolean>`coalesce(${chatSettings.isOn}, true)`,
  slowSeconds: sql<number>`coalesce(${chatSettings.slowSeconds}, 0)`,
  followersOnly: sql<boolean>`coalesce(${chatSettings.followersOnly}, false)`,
  blockedWords: sql<string[]>`coalesce(${chatSettings.blockedWords}, '{}')`,
};

/** Null: there is no such channel that the reader may see. `browser`: hash of its cookie. */
export const chatStanding = guarded(
  async (
    db: Database,
    viewer: Viewer | null,
    channelId: number,
    browser: string | null,
  ): Promise<ChatStanding | null> => {
    if (!isId(channelId)) return null;
    const userId = viewer?.userId ?? null;
    const isBanned = sql`${chatBans.channelId} = ${channels.id} and (${chatBans.until} is null or ${chatBans.until} > now())
      and (${chatBans.userId} = ${userId}::int or ${browser}::text = any(${chatBans.browsers}))`;
    const [row] = await db
      .select({
        channelId: channels.id,
        ownerId: channels.userId,
        visibility: channels.visibility,
        settings: SETTINGS,
        isModerator: sql<boolean>`exists (select 1 from ${chatModerators}
          where ${chatModerators.channelId} = ${channels.id} and ${chatModerators.userId} = ${userId}::int)`,
        follows: sql<boolean>`exists (select 1 from ${follows}
          where ${follows.channelId} = ${channels.id} and ${follows.userId} = ${userId}::int)`,
        streamId: streams.id,
        startedAt: streams.startedAt,
        // One's own ban first, then the one that lasts longest.
        ban: sql<{ until: string | null; isOfBrowser: boolean } | null>`(
          select json_build_object('until', ${chatBans.until}, 'isOfBrowser', ${chatBans.userId} is distinct from ${userId}::int)
          from ${chatBans} where ${isBanned}
          order by ${chatBans.userId} is distinct from ${userId}::int, ${chatBans.until} desc nulls first limit 1)`,
      })
      .from(channels)
      .leftJoin(chatSettings, eq(chatSettings.channelId, channels.id))
      .leftJoin(streams, and(eq(streams.channelId, channels.id), streams.isLive))
      .where(and(eq(channels.id, channelId), mayOpen(viewer)));
    if (row === undefined) return null;
    const { streamId, startedAt, ban, ...standing } = row;
    return {
      ...standing,
      ban: ban === null ? null : { ...ban, until: ban.until === null ? null : new Date(ban.until) },
      live: streamId === null || startedAt === null ? null : { streamId, startedAt },
    };
  },
);

/** Changes what is given. Null: there is no such channel. */
export const setChatSettings = guarded(
  async (db: Database, channelId: number, change: Partial<ChatSettings>): Promise<ChatSettings | null> =>
    db.transaction(async (tx) => {
      // Held, so that it is not deleted meanwhile.
      const [channel] = await tx
        .select({ channelId: channels.id })
        .from(channels)
        .where(eq(channels.id, channelId))
        .for("key share");
      if (channel === undefined) return null;
      const given = { channelId, ...change };
      const [row] = await tx
        .insert(chatSettings)
        .values(given)
        .onConflictDoUpdate({ target: chatSettings.channelId, set: given })
        .returning();
      if (row === undefined) return null;
      const { channelId: _, ...settings } = row;
      return settings;
    }),
);

/** With the account that it is about. */
const person = { id: users.id, username: users.username, fullName: users.fullName, avatarUrl: users.avatarUrl };

/** How far somebody is above others in a chat; `staff` keeps order everywhere. Null: there is no such account. */
export const chatRank = guarded(
  async (db: Database, channelId: number, userId: number): Promise<"owner" | "staff" | "moderator" | "none" | null> => {
    if (!isId(userId)) return null;
    const [row] = await db.execute<{ rank: "owner" | "staff" | "moderator" | "none" }>(sql`
      select case
        when c.user_id = u.id then 'owner'
        when u.role <> 'user' then 'staff'
        when exists (select 1 from ${chatModerators} m where m.channel_id = c.id and m.user_id = u.id) then 'moderator'
        else 'none' end as rank
      from ${channels} c, ${users} u where c.id = ${channelId} and u.id = ${userId} and u.deleted_at is null`);
    return row?.rank ?? null;
  },
);

export interface Ban {
  readonly channelId: number;
  readonly userId: number;
  readonly bannedBy: number;
  /** Null: for ever. */
  readonly until: Date | null;
}

/** Who is banned again has the new ban. What they said a short while ago loses its text. False: there is no such account. */
export const banFromChat = guarded(
  async (db: Database, { channelId, userId, bannedBy, until }: Ban): Promise<boolean> => {
    if (!isId(userId)) return false;
    return db.transaction(async (tx) => {
      const rows = await tx.execute(sql`
        insert into ${chatBans} (channel_id, user_id, banned_by, until, browsers)
        select c.id, u.id, ${bannedBy}, ${until?.toISOString() ?? null}::timestamptz, array(
          select m.browser from ${chatMessages} m where m.user_id = u.id and m.channel_id = c.id and m.browser is not null
          group by m.browser order by max(m.id) desc limit ${MAX_BROWSERS})
        from ${channels} c, ${users} u where c.id = ${channelId} and u.id = ${userId} and u.deleted_at is null
        on conflict (channel_id, user_id) do update set banned_by = excluded.banned_by, until = excluded.until,
          browsers = array(select distinct unnest(${chatBans.browsers} || excluded.browsers) limit ${MAX_BROWSERS}), created_at = now()
        returning user_id`);
      if (rows.length === 0) return false;
      await tx
        .delete(chatModerators)
        .where(and(eq(chatModerators.channelId, channelId), eq(chatModerators.userId, userId)));
      await tx
        .update(chatMessages)
        .set({ text: "", deletedAt: sql`now()` })
        .where(
          and(
            eq(chatMessages.channelId, channelId),
            eq(chatMessages.userId, userId),
            sql`${chatMessages.deletedAt} is null and ${chatMessages.createdAt} > now() - make_interval(hours => ${CLEARED_HOURS})`,
          ),
        );
      return true;
    });
  },
);

/** Somebody who is banned came with another browser. */
export const addBannedBrowser = guarded(
  async (db: Database, channelId: number, userId: number, browser: string): Promise<void> => {
    await db
      .update(chatBans)
      .set({ browsers: sql`${chatBans.browsers} || ${browser}::varchar` })
      .where(
        and(
          eq(chatBans.channelId, channelId),
          eq(chatBans.userId, userId),
          sql`not ${browser}::text = any(${chatBans.browsers}) and cardinality(${chatBans.browsers}) < ${MAX_BROWSERS}`,
        ),
      );
  },
);

/** False: there was no ban. */
export const endChatBan = guarded(async (db: Database, channelId: number, userId: number): Promise<boolean> => {
  if (!isId(userId)) return false;
  const rows = await db
    .delete(chatBans)
    .where(and(eq(chatBans.channelId, channelId), eq(chatBans.userId, userId)))
    .returning({ userId: chatBans.userId });
  return rows.length > 0;
});

/** Those that hold, the newest first. */
export const listChatBans = guarded(async (db: Database, channelId: number, request: PageRequest) => {
  const limit = clampLimit(request.limit);
  const tag = 1;
  const { where, orderBy, sortKey } = ordered(
    { tag, by: chatBans.createdAt, kind: "time", direction: "desc" },
    chatBans.userId,
    request.cursor,
  );
  const rows = await db
    .select({ id: chatBans.userId, user: person, until: chatBans.until, createdAt: chatBans.createdAt, sortKey })
    .from(chatBans)
    .innerJoin(users, eq(users.id, chatBans.userId))
    .where(and(eq(chatBans.channelId, channelId), sql`(${chatBans.until} is null or ${chatBans.until} > now())`, where))
    .orderBy(orderBy)
    .limit(limit + 1);
  const { items, nextCursor } = toOrderedPage(rows, limit, tag);
  return { items: items.map(({ id: _, ...ban }) => ban), nextCursor } satisfies Page<unknown>;
});

/** By name; `MAX_CHAT_MODERATORS` at most. */
export const listChatModerators = guarded(async (db: Database, channelId: number) =>
  db
    .select({ user: person, createdAt: chatModerators.createdAt })
    .from(chatModerators)
    .innerJoin(users, eq(users.id, chatModerators.userId))
    .where(eq(chatModerators.channelId, channelId))
    .orderBy(asc(users.username)),
);

/** Whoever is named twice is named. A ban ends with it. */
export const addChatModerator = guarded(
  async (db: Database, channelId: number, userId: number): Promise<"done" | "missing" | "too-many"> => {
    if (!isId(userId)) return "missing";
    return db.transaction(async (tx) => {
      // Of several at once, one is counted after the other.
      await tx.select({ id: channels.id }).from(channels).where(eq(channels.id, channelId)).for("update");
      const [held] = await tx
        .select({ all: count() })
        .from(chatModerators)
        .where(sql`${chatModerators.channelId} = ${channelId} and ${chatModerators.userId} <> ${userId}`);
      if ((held?.all ?? 0) >= MAX_CHAT_MODERATORS) return "too-many";
      const rows = await tx.execute(sql`
        insert into ${chatModerators} (channel_id, user_id)
        select c.id, u.id from ${channels} c, ${users} u where c.id = ${channelId} and u.id = ${userId} and u.deleted_at is null
        on conflict (channel_id, user_id) do update set created_at = ${chatModerators.createdAt} returning user_id`);
      if (rows.length === 0) return "missing";
      await tx.delete(chatBans).where(and(eq(chatBans.channelId, channelId), eq(chatBans.userId, userId)));
      return "done";
    });
  },
);

/** Whether there was anything to end does not matter. */
export const removeChatModerator = guarded(async (db: Database, channelId: number, userId: number): Promise<void> => {
  if (!isId(userId)) return;
  await db
    .delete(chatModerators)
    .where(and(eq(chatModerators.channelId, channelId), eq(chatModerators.userId, userId)));
});

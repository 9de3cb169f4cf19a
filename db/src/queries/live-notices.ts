/** What is said to those who follow a channel when it goes live, and to whom. */
import { and, asc, eq, gt, isNotNull, isNull, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { follows } from "../schema/follows.ts";
import { pushSubscriptions } from "../schema/push-subscriptions.ts";
import { streams } from "../schema/streams.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";
import { mayOpen } from "./viewer.ts";

/** Null when it is over, or not for everyone who knows of it. */
export const liveNotice = guarded(async (db: Database, streamId: number) => {
  if (!isId(streamId)) return null;
  const [row] = await db
    .select({
      streamId: streams.id,
      title: streams.title,
      channelId: channels.id,
      slug: channels.slug,
      channel: channels.title,
    })
    .from(streams)
    .innerJoin(channels, eq(channels.id, streams.channelId))
    .where(and(eq(streams.id, streamId), streams.isLive, mayOpen(null)));
  return row ?? null;
});

export type LiveNotice = NonNullable<Awaited<ReturnType<typeof liveNotice>>>;

const isThere = and(users.isActive, isNull(users.deletedAt));

/** Sessions of followers that are told by push, in the order of their ids, behind `after`. */
export const followersByPush = guarded(async (db: Database, channelId: number, after: number, limit: number) => {
  const rows = await db
    .select({ id: pushSubscriptions.sessionId })
    .from(follows)
    .innerJoin(pushSubscriptions, eq(pushSubscriptions.userId, follows.userId))
    .where(and(eq(follows.channelId, channelId), gt(pushSubscriptions.sessionId, after)))
    .orderBy(asc(pushSubscriptions.sessionId))
    .limit(limit);
  return rows.map(({ id }) => id);
});

/** Accounts of followers that are told by mail, in the order of their ids, behind `after`. */
export const followersByMail = guarded(async (db: Database, channelId: number, after: number, limit: number) => {
  const rows = await db
    .select({ id: follows.userId })
    .from(follows)
    .innerJoin(users, eq(users.id, follows.userId))
    .where(and(eq(follows.channelId, channelId), gt(follows.userId, after), isNotNull(users.liveMail), isThere))
    .orderBy(asc(follows.userId))
    .limit(limit);
  return rows.map(({ id }) => id);
});

/** Where to write, and in which language; null when no mail is wanted any more. */
export const mailboxOf = guarded(async (db: Database, userId: number) => {
  const [row] = await db
    .select({ email: users.email, username: users.username, locale: users.liveMail })
    .from(users)
    .where(and(eq(users.id, userId), isThere));
  return row?.locale == null ? null : { ...row, locale: row.locale };
});

export const liveMailOf = guarded(async (db: Database, userId: number) => {
  const [row] = await db.select({ liveMail: users.liveMail }).from(users).where(eq(users.id, userId));
  return row?.liveMail ?? null;
});

/** Null: no more mails. */
export const setLiveMail = guarded(async (db: Database, userId: number, locale: "en" | "ru" | null): Promise<void> => {
  if (!isId(userId)) return;
  await db
    .update(users)
    .set({ liveMail: locale, updatedAt: sql`${users.updatedAt}` })
    .where(and(eq(users.id, userId), isNull(users.deletedAt)));
});

/** What is said to those who follow a channel when it goes live, and to whom. */
import { and, asc, eq, gt } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { follows } from "../schema/follows.ts";
import { pushSubscriptions } from "../schema/push-subscriptions.ts";
import { streams } from "../schema/streams.ts";
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

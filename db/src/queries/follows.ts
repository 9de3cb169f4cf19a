/** Who follows which channel. */
import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { follows } from "../schema/follows.ts";
import { users } from "../schema/users.ts";
import { columns, isId } from "./channels.ts";
import { clampLimit, ordered, type Page, type PageRequest, toOrderedPage } from "./cursor.ts";
import { mayOpen, type Viewer } from "./viewer.ts";

/** More than these an account must leave some of first: a page knows all of its reader's at once. */
export const MAX_FOLLOWS = 1_000;

/** Following twice is following. `missing`: there is no such channel that the viewer may see. */
export const follow = guarded(
  async (db: Database, viewer: Viewer, channelId: number): Promise<"done" | "missing" | "too-many"> => {
    if (!isId(channelId)) return "missing";
    const { userId } = viewer;
    return db.transaction(async (tx) => {
      // Of several at once, one is counted after the other.
      await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("update");
      // Held, so that it is not deleted meanwhile.
      const [channel] = await tx
        .select({ id: channels.id })
        .from(channels)
        .where(and(eq(channels.id, channelId), mayOpen(viewer)))
        .for("key share");
      if (channel === undefined) return "missing";
      const [held] = await tx.select({ all: count() }).from(follows).where(eq(follows.userId, userId));
      const [known] = await tx
        .select({ channelId: follows.channelId })
        .from(follows)
        .where(and(eq(follows.userId, userId), eq(follows.channelId, channelId)));
      if (known !== undefined) return "done";
      if ((held?.all ?? 0) >= MAX_FOLLOWS) return "too-many";
      await tx.insert(follows).values({ userId, channelId });
      return "done";
    });
  },
);

/** Whether there was anything to end does not matter. */
export const unfollow = guarded(async (db: Database, userId: number, channelId: number): Promise<void> => {
  if (!isId(channelId)) return;
  await db.delete(follows).where(and(eq(follows.userId, userId), eq(follows.channelId, channelId)));
});

/** A later number than any time in milliseconds. */
const LIVE_FIRST = 10 ** 13;

/** A page of the channels that a user follows and may see: those that are live first, then those followed last. */
export const listFollowed = guarded(async (db: Database, viewer: Viewer, request: PageRequest) => {
  const limit = clampLimit(request.limit);
  const tag = 1;
  const by = sql`(${channels.isLive}::int * ${sql.raw(String(LIVE_FIRST))}::bigint + (extract(epoch from ${follows.createdAt}) * 1000)::bigint)`;
  const { where, orderBy, sortKey } = ordered(
    { tag, by, kind: "number", direction: "desc" },
    channels.id,
    request.cursor,
  );
  const rows = await db
    .select({ ...columns, followedAt: follows.createdAt, sortKey })
    .from(follows)
    .innerJoin(channels, eq(channels.id, follows.channelId))
    .innerJoin(users, eq(users.id, channels.userId))
    .where(and(eq(follows.userId, viewer.userId), mayOpen(viewer), where))
    .orderBy(orderBy)
    .limit(limit + 1);
  return toOrderedPage(rows, limit, tag) satisfies Page<unknown>;
});

/** Ids of all of them that the user may see, `MAX_FOLLOWS` at most. */
export const followedIds = guarded(async (db: Database, viewer: Viewer) =>
  db
    .select({ id: channels.id, visibility: channels.visibility })
    .from(follows)
    .innerJoin(channels, eq(channels.id, follows.channelId))
    .where(and(eq(follows.userId, viewer.userId), mayOpen(viewer)))
    .orderBy(asc(channels.id)),
);

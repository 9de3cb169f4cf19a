/** Reads of channels that everyone may make: never a stream key; a private channel for its owner only. */
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { follows } from "../schema/follows.ts";
import { users } from "../schema/users.ts";
import { clampLimit, type Order, ordered, type Page, type PageRequest, toOrderedPage } from "./cursor.ts";
import { searchFor, searching } from "./search.ts";
import { isListed, mayOpen, type Viewer } from "./viewer.ts";

/** The columns that everyone may see, listed so that a new secret column stays out by default. */
export const columns = {
  id: channels.id,
  slug: channels.slug,
  title: channels.title,
  description: channels.description,
  thumbnailUrl: channels.thumbnailUrl,
  visibility: channels.visibility,
  isLive: channels.isLive,
  viewersCount: channels.viewersCount,
  followersCount: sql<number>`(select count(*)::int from ${follows} where ${follows.channelId} = ${channels.id})`,
  createdAt: channels.createdAt,
  updatedAt: channels.updatedAt,
  /** For the owner and administrators: callers leave them out for everyone else. */
  settings: {
    latency: channels.latency,
    quality: channels.quality,
    secondEncoder: channels.secondEncoder,
    remuxer: channels.remuxer,
    isRecorded: channels.isRecorded,
    dvrSeconds: channels.dvrSeconds,
  },
  owner: { id: users.id, username: users.username, fullName: users.fullName, avatarUrl: users.avatarUrl },
};

const select = (db: Database) => db.select(columns).from(channels).innerJoin(users, eq(users.id, channels.userId));

export type PublicChannel = Awaited<ReturnType<typeof select>>[number];

export const CHANNEL_SORTS = ["newest", "live", "viewers", "relevance"] as const;
export type ChannelSort = (typeof CHANNEL_SORTS)[number];

export interface ChannelListRequest extends PageRequest {
  readonly q?: string | undefined;
  /** Default: `relevance` with a text to look for, else `newest`. */
  readonly sort?: ChannelSort | undefined;
  /** Those of one user: all for that user, the public ones for everyone else. */
  readonly ownerId?: number | undefined;
  readonly viewer?: Viewer | null | undefined;
}

function orderOf(sort: ChannelSort, score: SQL | undefined): Order {
  switch (sort) {
    case "live":
      return { tag: 2, by: sql`${channels.isLive}::int`, kind: "number", direction: "desc" };
    case "viewers":
      return { tag: 3, by: channels.viewersCount, kind: "number", direction: "desc" };
    case "relevance":
      if (score !== undefined) return { tag: 4, by: score, kind: "number", direction: "desc" };
      return orderOf("newest", score);
    case "newest":
      // By id, in the index of the public list.
      return { tag: 1, by: channels.id, kind: "number", direction: "desc" };
  }
}

/** A page of channels, and whether a text is looked for: pages hold still while channels are added. */
export const listChannels = guarded(async (db: Database, request: ChannelListRequest): Promise<Page<PublicChannel>> => {
  const { q, ownerId, viewer } = request;
  if (ownerId !== undefined && !isId(ownerId)) return { items: [], nextCursor: null };
  const limit = clampLimit(request.limit);
  const search = searchFor(channels, q);
  const order = orderOf(request.sort ?? (search === null ? "newest" : "relevance"), search?.score);
  const { where, orderBy, sortKey } = ordered(order, channels.id, request.cursor);
  const ownList = ownerId !== undefined && viewer != null && (viewer.seesAll || viewer.userId === ownerId);
  const rows = await searching(db, search, (reader) =>
    reader
      .select({ ...columns, sortKey })
      .from(channels)
      .innerJoin(users, eq(users.id, channels.userId))
      .where(
        and(
          ownList ? undefined : isListed,
          ownerId === undefined ? undefined : eq(channels.userId, ownerId),
          search?.where,
          where,
        ),
      )
      .orderBy(orderBy)
      .limit(limit + 1),
  );
  return toOrderedPage(rows, limit, order.tag);
});

/** By id; null when there is none that the viewer may see. */
export const getChannel = guarded(
  async (db: Database, id: number, viewer?: Viewer | null): Promise<PublicChannel | null> => {
    if (!isId(id)) return null;
    const [row] = await select(db).where(and(eq(channels.id, id), mayOpen(viewer)));
    return row ?? null;
  },
);

/** By public name; null when there is none that the viewer may see. */
export const getChannelBySlug = guarded(
  async (db: Database, slug: string, viewer?: Viewer | null): Promise<PublicChannel | null> => {
    const [row] = await select(db).where(and(eq(channels.slug, slug), mayOpen(viewer)));
    return row ?? null;
  },
);

/** Whether a number can be an id at all: PostgreSQL's integer would refuse others with an error. */
export const isId = (id: number): boolean => Number.isInteger(id) && id > 0 && id < 2 ** 31;

/** Reads of streams that everyone may make: those of private channels and drafts for their owner only, those of unlisted ones by their id or their channel's. */
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { recordings } from "../schema/recordings.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";
import { clampLimit, type Order, ordered, type Page, type PageRequest, toOrderedPage } from "./cursor.ts";
import { searchFor, searching } from "./search.ts";
import { isAnnounced, isListed, mayOpen, type Viewer } from "./viewer.ts";

/** Of `PublicStream`. */
export const columns = {
  id: streams.id,
  channelId: streams.channelId,
  title: streams.title,
  description: streams.description,
  thumbnailUrl: streams.thumbnailUrl,
  coverImageUrl: streams.coverImageUrl,
  duration: streams.duration,
  scheduledFor: streams.scheduledFor,
  startedAt: streams.startedAt,
  endedAt: streams.endedAt,
  isLive: streams.isLive,
  armedAt: streams.armedAt,
  isArchived: streams.isArchived,
  viewCount: streams.viewCount,
  createdAt: streams.createdAt,
  updatedAt: streams.updatedAt,
  recording: {
    state: recordings.state,
    reason: recordings.reason,
    duration: recordings.duration,
    size: sql<number | null>`${recordings.size}::float8`,
  },
  channel: {
    id: channels.id,
    slug: channels.slug,
    title: channels.title,
    thumbnailUrl: channels.thumbnailUrl,
    visibility: channels.visibility,
    viewersCount: channels.viewersCount,
  },
};

const select = (db: Database) =>
  db
    .select(columns)
    .from(streams)
    .innerJoin(channels, eq(channels.id, streams.channelId))
    .leftJoin(recordings, eq(recordings.streamId, streams.id));

export type PublicStream = Awaited<ReturnType<typeof select>>[number];

export const STREAM_SORTS = ["newest", "oldest", "viewers", "views", "relevance"] as const;
export type StreamSort = (typeof STREAM_SORTS)[number];
export const STREAM_LISTS = ["planned", "live", "ended", "archived"] as const;
export type StreamList = (typeof STREAM_LISTS)[number];

export interface StreamListRequest extends PageRequest {
  /** true: only those that are live; false: only those that are over. */
  readonly live?: boolean | undefined;
  /** Default: those that have started, live or over. */
  readonly status?: StreamList | undefined;
  readonly channelId?: number | undefined;
  readonly q?: string | undefined;
  /** Default: `relevance` with a text to look for; planned ones `oldest`, which is the next one first; else `newest`. */
  readonly sort?: StreamSort | undefined;
  readonly viewer?: Viewer | null | undefined;
}

const hasStarted = sql`${streams.startedAt} is not null`;

const STATUS: Readonly<Record<StreamList, SQL>> = {
  planned: sql`${streams.startedAt} is null`,
  live: sql`${streams.isLive}`,
  ended: sql`(${hasStarted} and not ${streams.isLive})`,
  archived: sql`(${hasStarted} and not ${streams.isLive} and ${streams.isArchived})`,
};

function orderOf(sort: StreamSort, planned: boolean, score: SQL | undefined): Order {
  const time = planned
    ? ({ tag: 5, by: sql`coalesce(${streams.scheduledFor}, ${streams.createdAt})`, kind: "time" } as const)
    : ({ tag: 1, by: streams.startedAt, kind: "time" } as const);
  switch (sort) {
    case "newest":
      return { ...time, direction: "desc" };
    case "oldest":
      return { ...time, tag: time.tag + 1, direction: "asc" };
    case "viewers":
      return { tag: 3, by: channels.viewersCount, kind: "number", direction: "desc" };
    case "views":
      return { tag: 4, by: streams.viewCount, kind: "number", direction: "desc" };
    case "relevance":
      if (score !== undefined) return { tag: 7, by: score, kind: "number", direction: "desc" };
      return orderOf(planned ? "oldest" : "newest", planned, score);
  }
}

/**
 * A page of streams. Those that have started are sorted by their start: a planned one joins at the front when it starts and until then is in a
 * list of its own, so the sort key of a listed stream never changes and pages stay stable.
 */
export const listStreams = guarded(async (db: Database, request: StreamListRequest): Promise<Page<PublicStream>> => {
  const { q, channelId, viewer, live, status } = request;
  if (channelId !== undefined && !isId(channelId)) return { items: [], nextCursor: null };
  const limit = clampLimit(request.limit);
  const planned = status === "planned";
  const search = searchFor(streams, q);
  const order = orderOf(request.sort ?? "relevance", planned, search?.score);
  const { where, orderBy, sortKey } = ordered(order, streams.id, request.cursor);
  const rows = await searching(db, search, (reader) =>
    reader
      .select({ ...columns, sortKey })
      .from(streams)
      .innerJoin(channels, eq(channels.id, streams.channelId))
      .leftJoin(recordings, eq(recordings.streamId, streams.id))
      .where(
        and(
          channelId === undefined ? isListed : and(eq(streams.channelId, channelId), mayOpen(viewer)),
          status === undefined ? hasStarted : STATUS[status],
          planned ? isAnnounced(viewer) : undefined,
          live === undefined ? undefined : live ? STATUS.live : sql`not ${streams.isLive}`,
          search?.where,
          where,
        ),
      )
      .orderBy(orderBy)
      .limit(limit + 1),
  );
  return toOrderedPage(rows, limit, order.tag);
});

/** By id, planned, live or over; null when there is none that the viewer may see. */
export const getStream = guarded(
  async (db: Database, id: number, viewer?: Viewer | null): Promise<PublicStream | null> => {
    if (!isId(id)) return null;
    const [row] = await select(db).where(and(eq(streams.id, id), mayOpen(viewer), isAnnounced(viewer)));
    return row ?? null;
  },
);

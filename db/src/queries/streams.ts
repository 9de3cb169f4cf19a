/** Public reads of streams: those of private channels don't exist here, those of unlisted ones only by their id. */
import { and, desc, eq, inArray, isNotNull, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";
import { clampLimit, decodeCursor, type Page, type PageRequest, toPage } from "./cursor.ts";

const columns = {
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
  isArchived: streams.isArchived,
  viewCount: streams.viewCount,
  createdAt: streams.createdAt,
  updatedAt: streams.updatedAt,
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
  db.select(columns).from(streams).innerJoin(channels, eq(channels.id, streams.channelId));

export type PublicStream = Awaited<ReturnType<typeof select>>[number];

export interface StreamListRequest extends PageRequest {
  /** true: only those that are live; false: only those that are over. */
  readonly live?: boolean | undefined;
  readonly channelId?: number | undefined;
}

/**
 * Streams of public channels that have started, newest start first. A planned one joins at the front when it starts; until then it is
 * in no list, so the sort key of a listed stream never changes and pages stay stable.
 */
export const listStreams = guarded(async (db: Database, request: StreamListRequest): Promise<Page<PublicStream>> => {
  const limit = clampLimit(request.limit);
  const after = decodeCursor(request.cursor, 2);
  if (request.channelId !== undefined && !isId(request.channelId)) return { items: [], nextCursor: null };
  const start = after === null ? null : new Date(after[0]!).toISOString();
  const rows = await select(db)
    .where(
      and(
        eq(channels.visibility, "public"),
        isNotNull(streams.startedAt),
        request.live === undefined ? undefined : request.live ? sql`${streams.isLive}` : sql`not ${streams.isLive}`,
        request.channelId === undefined ? undefined : eq(streams.channelId, request.channelId),
        start === null
          ? undefined
          : sql`(${streams.startedAt}, ${streams.id}) < (${start}::timestamptz, ${after![1]!}::int)`,
      ),
    )
    .orderBy(desc(streams.startedAt), desc(streams.id))
    .limit(limit + 1);
  return toPage(rows, limit, (row) => [row.startedAt?.getTime() ?? 0, row.id]);
});

/** By id, planned, live or over; null when there is none or its channel is private. */
export const getStream = guarded(async (db: Database, id: number): Promise<PublicStream | null> => {
  if (!isId(id)) return null;
  const [row] = await select(db).where(and(eq(streams.id, id), inArray(channels.visibility, ["public", "unlisted"])));
  return row ?? null;
});

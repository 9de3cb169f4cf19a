/** What is kept of broadcasts: written by ingest, read by everyone who shows it. */
import { and, asc, eq, inArray, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { RecordingRow, Visibility } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { recordings } from "../schema/recordings.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";

/** A recording begins. False when its stream is gone. */
export const beginRecording = guarded(async (db: Database, streamId: number, ingestNode: string): Promise<boolean> => {
  const rows = await db.execute(sql`
      insert into ${recordings} (stream_id, state, ingest_node)
      select id, 'recording', ${ingestNode} from ${streams} where id = ${streamId}
      on conflict (stream_id) do update set state = 'recording', reason = null, ingest_node = excluded.ingest_node, updated_at = now()
      returning stream_id`);
  return rows.length > 0;
});

export type RecordingChange = Partial<Pick<RecordingRow, "state" | "reason" | "duration" | "size">>;

/** False when there is none (any more): what was stored of it has to go. */
export const updateRecording = guarded(
  async (db: Database, streamId: number, change: RecordingChange): Promise<boolean> => {
    const rows = await db
      .update(recordings)
      .set(change)
      .where(eq(recordings.streamId, streamId))
      .returning({ streamId: recordings.streamId });
    return rows.length > 0;
  },
);

export const forgetRecording = guarded(async (db: Database, streamId: number): Promise<void> => {
  await db.delete(recordings).where(eq(recordings.streamId, streamId));
});

/** Recordings that nobody has finished although their broadcasts are over: those of one node, or those of all nodes for so long (milliseconds). */
export const unfinishedRecordings = guarded(
  async (db: Database, whose: { readonly node: string } | { readonly overFor: number }): Promise<number[]> => {
    const which: SQL =
      "node" in whose
        ? sql`${recordings.ingestNode} = ${whose.node}`
        : sql`${streams.endedAt} < now() - ${whose.overFor}::float8 * interval '1 millisecond'`;
    const rows = await db
      .select({ streamId: recordings.streamId })
      .from(recordings)
      .innerJoin(streams, eq(streams.id, recordings.streamId))
      .where(and(ne(recordings.state, "ready"), sql`not ${streams.isLive}`, which))
      .orderBy(asc(recordings.streamId));
    return rows.map(({ streamId }) => streamId);
  },
);

export interface RecordingAccess {
  readonly streamId: number;
  readonly channelId: number;
  readonly userId: number;
  readonly slug: string;
  readonly title: string;
  readonly visibility: Visibility;
  readonly isLive: boolean;
}

/** Whose a stream's recording is and who may see it; null when there is none. */
export const recordingAccess = guarded(async (db: Database, streamId: number): Promise<RecordingAccess | null> => {
  if (!isId(streamId)) return null;
  const [row] = await db
    .select({
      streamId: streams.id,
      channelId: channels.id,
      userId: channels.userId,
      slug: channels.slug,
      title: streams.title,
      visibility: channels.visibility,
      isLive: streams.isLive,
    })
    .from(recordings)
    .innerJoin(streams, eq(streams.id, recordings.streamId))
    .innerJoin(channels, eq(channels.id, streams.channelId))
    .where(eq(recordings.streamId, streamId));
  return row ?? null;
});

export interface FinishedRecording {
  readonly streamId: number;
  readonly endedAt: Date;
  readonly size: number;
}

/** Of these streams, the recordings that are ready, oldest first. */
export const finishedRecordings = guarded(
  async (db: Database, streamIds: readonly number[]): Promise<FinishedRecording[]> => {
    if (streamIds.length === 0) return [];
    const endedAt = sql<Date>`coalesce(${streams.endedAt}, ${recordings.updatedAt})`.mapWith(streams.endedAt);
    return db
      .select({
        streamId: recordings.streamId,
        endedAt,
        size: sql<number>`coalesce(${recordings.size}, 0)`.mapWith(Number),
      })
      .from(recordings)
      .innerJoin(streams, eq(streams.id, recordings.streamId))
      .where(and(inArray(recordings.streamId, [...streamIds]), eq(recordings.state, "ready")))
      .orderBy(asc(endedAt), asc(recordings.streamId));
  },
);

/** Which of these streams have a recording, whatever its state. */
export const knownRecordings = guarded(async (db: Database, streamIds: readonly number[]): Promise<number[]> => {
  if (streamIds.length === 0) return [];
  const rows = await db
    .select({ streamId: recordings.streamId })
    .from(recordings)
    .where(inArray(recordings.streamId, [...streamIds]));
  return rows.map(({ streamId }) => streamId);
});

/** What is kept of broadcasts: written by ingest, read by everyone who shows it. */
import { and, asc, eq, inArray, ne, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { Visibility } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { recordings } from "../schema/recordings.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";
import { announceDeletedRecordings, announceStream } from "./webhook-messages.ts";

/** A recording begins. False when its stream is gone. */
export const beginRecording = guarded(async (db: Database, streamId: number, ingestNode: string): Promise<boolean> => {
  const rows = await db.execute(sql`
      insert into ${recordings} (stream_id, state, ingest_node)
      select id, 'recording', ${ingestNode} from ${streams} where id = ${streamId}
      on conflict (stream_id) do update set state = 'recording', reason = null, ingest_node = excluded.ingest_node, updated_at = now()
      returning stream_id`);
  return rows.length > 0;
});

/** It goes on no more although its broadcast does. */
export const stopRecording = guarded(async (db: Database, streamId: number, reason: string): Promise<void> => {
  await db
    .update(recordings)
    .set({ state: "stopped", reason })
    .where(and(eq(recordings.streamId, streamId), eq(recordings.state, "recording")));
});

/** It can be played. False when its stream is gone: what was stored of it has to go, too. */
export const finishRecording = guarded(
  async (
    db: Database,
    streamId: number,
    { duration, size, ingestNode }: { readonly duration: number; readonly size: number; readonly ingestNode: string },
  ): Promise<boolean> => {
    return db.transaction(async (tx) => {
      const ofThis = eq(recordings.streamId, streamId);
      const [known] = await tx.select({ state: recordings.state }).from(recordings).where(ofThis).for("update");
      const rows = await tx.execute(sql`
        insert into ${recordings} (stream_id, state, duration, size, ingest_node)
        select id, 'ready', ${duration}::int, ${size}::bigint, ${ingestNode} from ${streams} where id = ${streamId}
        on conflict (stream_id) do update set state = 'ready', duration = excluded.duration, size = excluded.size, updated_at = now()
        returning stream_id`);
      // A node that starts anew says of what it finished before that it is finished.
      if (rows.length > 0 && known?.state !== "ready") await announceStream(tx, "recording.ready", streamId);
      return rows.length > 0;
    });
  },
);

export const forgetRecording = guarded(async (db: Database, streamId: number): Promise<void> => {
  await db.transaction(async (tx) => {
    const ofThis = eq(recordings.streamId, streamId);
    // Of two that forget it at once, one says so.
    const held = await tx.select({ id: recordings.streamId }).from(recordings).where(ofThis).for("update");
    if (held.length === 0) return;
    await announceDeletedRecordings(tx, eq(streams.id, streamId));
    await tx.delete(recordings).where(ofThis);
  });
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

/** Of these streams, those that were deleted. What is younger than any stream is of another database, and not to be removed by this one. */
export const orphanedRecordings = guarded(async (db: Database, streamIds: readonly number[]): Promise<number[]> => {
  if (streamIds.length === 0) return [];
  const [newest] = await db.select({ id: sql<number | null>`max(${streams.id})` }).from(streams);
  const rows = await db
    .select({ id: streams.id })
    .from(streams)
    .where(inArray(streams.id, [...streamIds]));
  const known = new Set(rows.map(({ id }) => id));
  return streamIds.filter((id) => !known.has(id) && id < (newest?.id ?? 0));
});

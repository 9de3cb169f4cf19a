/** Other services that a channel's broadcasts are sent on to. */
import { and, asc, count, eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { restreams } from "../schema/restreams.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";

/** More than these a channel's owner must delete some of first. */
export const MAX_RESTREAMS = 5;

const columns = {
  id: restreams.id,
  name: restreams.name,
  url: restreams.url,
  keySealed: restreams.keySealed,
  isActive: restreams.isActive,
  createdAt: restreams.createdAt,
  updatedAt: restreams.updatedAt,
};

const select = (db: Database) => db.select(columns).from(restreams);
export type OwnRestream = Awaited<ReturnType<typeof select>>[number];

const ofChannel = (channelId: number, id: number) => and(eq(restreams.id, id), eq(restreams.channelId, channelId));

/** A channel's, the oldest first. Whose it is, the caller has looked at. */
export const listRestreams = guarded(
  async (db: Database, channelId: number): Promise<OwnRestream[]> =>
    select(db).where(eq(restreams.channelId, channelId)).orderBy(asc(restreams.id)),
);

export interface NewRestream {
  readonly channelId: number;
  readonly name: string;
  readonly url: string;
  readonly keySealed: string;
  readonly isActive?: boolean | undefined;
}

/** Null: the channel is gone; `full`: it has as many as one may have. */
export const createRestream = guarded(
  async (db: Database, restream: NewRestream): Promise<OwnRestream | "full" | null> =>
    db.transaction(async (tx) => {
      const { channelId } = restream;
      // Of several at once, one is counted after the other.
      const held = await tx.select({ id: channels.id }).from(channels).where(eq(channels.id, channelId)).for("update");
      if (held.length === 0) return null;
      const [had] = await tx.select({ all: count() }).from(restreams).where(eq(restreams.channelId, channelId));
      if ((had?.all ?? 0) >= MAX_RESTREAMS) return "full";
      const [row] = await tx.insert(restreams).values(restream).returning(columns);
      return row!;
    }),
);

export interface RestreamChange {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly keySealed?: string | undefined;
  readonly isActive?: boolean | undefined;
}

/** Null: the channel has no such one. */
export const updateRestream = guarded(
  async (db: Database, channelId: number, id: number, change: RestreamChange): Promise<OwnRestream | null> => {
    if (!isId(id)) return null;
    const [row] = await db
      .update(restreams)
      .set({ ...change, updatedAt: sql`now()` })
      .where(ofChannel(channelId, id))
      .returning(columns);
    return row ?? null;
  },
);

/** False: the channel has no such one. */
export const deleteRestream = guarded(async (db: Database, channelId: number, id: number): Promise<boolean> => {
  if (!isId(id)) return false;
  const rows = await db.delete(restreams).where(ofChannel(channelId, id)).returning({ id: restreams.id });
  return rows.length > 0;
});

/** Null: the channel is not live. */
export const liveStreamOf = guarded(async (db: Database, channelId: number): Promise<number | null> => {
  const [row] = await db
    .select({ id: streams.id })
    .from(streams)
    .where(and(eq(streams.channelId, channelId), eq(streams.isLive, true)));
  return row?.id ?? null;
});

/** For ingest: those of a stream's channel that are switched on. */
export const activeRestreams = guarded(async (db: Database, streamId: number) =>
  db
    .select({ id: restreams.id, url: restreams.url, keySealed: restreams.keySealed })
    .from(restreams)
    .innerJoin(streams, eq(streams.channelId, restreams.channelId))
    .where(and(eq(streams.id, streamId), restreams.isActive))
    .orderBy(asc(restreams.id)),
);

/** What an owner does with streams: planning, starting, stopping, archiving, deleting. States and their changes: `stream-life.ts`. */
import { and, eq, isNotNull, isNull, ne, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import type { StreamName } from "../stream-events.ts";
import { type StreamState, stateOf, transition } from "../stream-life.ts";
import { endLive, holdChannel } from "./channel-changes.ts";
import { isId } from "./channels.ts";
import { announceDeletedRecordings, announceStream } from "./webhook-messages.ts";

/** An encoder that was sent away comes back by itself after some seconds: for so long it is not let in. */
export const STOPPED_SECONDS = 60;

const life = {
  id: streams.id,
  channelId: streams.channelId,
  isLive: streams.isLive,
  armedAt: streams.armedAt,
  startedAt: streams.startedAt,
  thumbnailUrl: streams.thumbnailUrl,
  coverImageUrl: streams.coverImageUrl,
};

/** Whose a stream is and who may see it; null when there is none. */
export const streamOwner = guarded(async (db: Database, streamId: number) => {
  if (!isId(streamId)) return null;
  const [row] = await db
    .select({
      id: streams.id,
      channelId: streams.channelId,
      userId: channels.userId,
      visibility: channels.visibility,
      isDraft: sql<boolean>`${streams.startedAt} is null and ${streams.scheduledFor} is null`,
    })
    .from(streams)
    .innerJoin(channels, eq(channels.id, streams.channelId))
    .where(eq(streams.id, streamId));
  return row ?? null;
});

export interface StreamPlan {
  readonly title: string;
  readonly description?: string | null | undefined;
  readonly scheduledFor?: Date | null | undefined;
}

/** A planned stream's id; null when there is no such channel. Throws `database.too-many-streams` beyond `limit` planned ones. */
export const planStream = guarded(
  async (db: Database, channelId: number, plan: StreamPlan, limit: number): Promise<number | null> => {
    return db.transaction(async (tx) => {
      if ((await holdChannel(tx, channelId)) === null) return null;
      const [planned] = await tx
        .select({ count: sql<number>`count(*)::int` })
        .from(streams)
        .where(and(eq(streams.channelId, channelId), isNull(streams.startedAt)));
      if ((planned?.count ?? 0) >= limit)
        throw new DatabaseError("database.too-many-streams", `A channel has at most ${limit} planned streams.`);
      const [row] = await tx
        .insert(streams)
        .values({ ...plan, channelId })
        .returning({ id: streams.id });
      return row!.id;
    });
  },
);

export type StreamRefusal = {
  readonly kind: "refused";
  readonly state: StreamState;
  /** What the state forbids. */
  readonly field: "scheduledFor" | "isArchived" | null;
};

export type StreamOutcome =
  | {
      readonly kind: "done";
      readonly stream: StreamName;
      readonly state: StreamState;
      /** The broadcast that this ended; the caller tells the bus. */
      readonly ended: StreamName | null;
    }
  | StreamRefusal;

/** Inside a transaction: the stream and its channel, held in the order that everyone keeps; null when either is gone. */
async function holdStream(tx: Database, streamId: number) {
  const [found] = await tx.select({ channelId: streams.channelId }).from(streams).where(eq(streams.id, streamId));
  const channel = found === undefined ? null : await holdChannel(tx, found.channelId);
  if (channel === null) return null;
  const [stream] = await tx.select(life).from(streams).where(eq(streams.id, streamId)).for("update");
  if (stream === undefined) return null;
  const { slug, visibility } = channel;
  const name: StreamName = { streamId, channelId: channel.id, slug, visibility };
  return { stream, name, state: stateOf(stream) };
}

const block = sql`clock_timestamp() + ${STOPPED_SECONDS} * interval '1 second'`;

/** The owner's `start` and `stop`. Null when there is no such stream. */
export const changeStream = guarded(
  async (db: Database, streamId: number, event: "start" | "stop"): Promise<StreamOutcome | null> => {
    return db.transaction(async (tx) => {
      const heldStream = await holdStream(tx, streamId);
      if (heldStream === null) return null;
      const { state, name } = heldStream;
      const next = transition(state, event);
      if (next === null) return { kind: "refused", state, field: null };
      const ofThis = eq(streams.id, streamId);
      if (event === "start") {
        if (state === "planned") await tx.update(streams).set({ armedAt: sql`clock_timestamp()` }).where(ofThis);
        if (next === "armed") await disarmOthers(tx, name);
        await tx.update(channels).set({ publishBlockedUntil: null }).where(eq(channels.id, name.channelId));
        return { kind: "done", stream: name, state: next, ended: null };
      }
      if (state === "armed") await tx.update(streams).set({ armedAt: null }).where(ofThis);
      if (state !== "live") return { kind: "done", stream: name, state: next, ended: null };
      const ended = await endLive(tx, name.channelId);
      await tx.update(channels).set({ publishBlockedUntil: block }).where(eq(channels.id, name.channelId));
      return { kind: "done", stream: name, state: next, ended };
    });
  },
);

/** The last one that was started is the next to go live: a channel has one armed stream at most. */
async function disarmOthers(tx: Database, { streamId, channelId }: StreamName): Promise<void> {
  await tx
    .update(streams)
    .set({ armedAt: null })
    .where(
      and(
        eq(streams.channelId, channelId),
        ne(streams.id, streamId),
        isNotNull(streams.armedAt),
        isNull(streams.startedAt),
      ),
    );
}

export interface StreamChangeRequest {
  readonly title?: string | undefined;
  readonly description?: string | null | undefined;
  /** Of one that has not started. */
  readonly scheduledFor?: Date | null | undefined;
  /** Of one that is over. */
  readonly isArchived?: boolean | undefined;
}

/** Null when there is no such stream. */
export const updateStream = guarded(
  async (db: Database, streamId: number, change: StreamChangeRequest): Promise<StreamOutcome | null> => {
    return db.transaction(async (tx) => {
      const heldStream = await holdStream(tx, streamId);
      if (heldStream === null) return null;
      const { state, name } = heldStream;
      const hasStarted = state === "live" || state === "ended";
      if (change.scheduledFor !== undefined && hasStarted) return { kind: "refused", state, field: "scheduledFor" };
      if (change.isArchived === true && state !== "ended") return { kind: "refused", state, field: "isArchived" };
      await tx
        .update(streams)
        .set({ ...change, updatedAt: sql`now()` })
        .where(eq(streams.id, streamId));
      await announceStream(tx, "stream.updated", streamId);
      return { kind: "done", stream: name, state, ended: null };
    });
  },
);

export interface DeletedStream {
  readonly stream: StreamName;
  readonly ended: StreamName | null;
  /** Addresses of its pictures, which nothing refers to any more. */
  readonly pictures: readonly string[];
}

/** Removes a stream with all that is its own. A live one ends first, and its encoder stays away for a while. Null when there is none. */
export const deleteStream = guarded(async (db: Database, streamId: number): Promise<DeletedStream | null> => {
  return db.transaction(async (tx) => {
    const heldStream = await holdStream(tx, streamId);
    if (heldStream === null) return null;
    const { stream, name, state } = heldStream;
    const ended = state === "live" ? await endLive(tx, name.channelId) : null;
    if (ended !== null)
      await tx.update(channels).set({ publishBlockedUntil: block }).where(eq(channels.id, name.channelId));
    await announceDeletedRecordings(tx, eq(streams.id, streamId));
    await tx.delete(streams).where(eq(streams.id, streamId));
    return { stream: name, ended, pictures: [stream.thumbnailUrl, stream.coverImageUrl].filter((url) => url !== null) };
  });
});

/** What ingest writes: going live, signs of life, the end. Times are the database's own clock except where a caller gives one. */
import { and, asc, eq, inArray, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { KeyVault } from "../key-vault.ts";
import type { ChannelRow } from "../model.ts";
import { channels } from "../schema/channels.ts";
import { streams } from "../schema/streams.ts";
import { users } from "../schema/users.ts";
import type { StreamName } from "../stream-events.ts";
import { keyColumns } from "./channel-keys.ts";
import { announce, announceStream } from "./webhook-messages.ts";

export interface GoLiveRequest {
  readonly streamKey: string;
  /** Address of the encoder, kept as the key's last use. */
  readonly address?: string;
  /** Name of the ingest node, at most 100 characters, the same after a restart. */
  readonly nodeId: string;
  /** A live stream without a heartbeat for so long belongs to a node that crashed: it is ended and its channel is free. Milliseconds. */
  readonly staleAfterMs: number;
  /** True: the node takes nobody new; a channel that is live is told of as ever. */
  readonly isFull?: boolean;
}

/** How the channel wants to be broadcast. */
export type BroadcastSettings = Pick<
  ChannelRow,
  "latency" | "quality" | "secondEncoder" | "remuxer" | "isRecorded" | "dvrSeconds"
>;

export type GoLiveResult =
  | ({
      readonly kind: "live";
      /** What a crashed node had left live on this channel, ended now. */
      readonly ended: readonly StreamName[];
    } & StreamName &
      BroadcastSettings)
  /** By an encoder that this key let in before: whoever has it decides what becomes of the second one. */
  | ({ readonly kind: "already-live"; readonly ingestNode: string | null } & StreamName & BroadcastSettings)
  /** Its owner stopped it: seconds until an encoder is let in again. */
  | { readonly kind: "blocked"; readonly seconds: number }
  | { readonly kind: "unknown-key" | "inactive-user" | "no-room" };

const blockedFor = sql<
  number | null
>`ceil(extract(epoch from ${channels.publishBlockedUntil} - clock_timestamp()))::int`;

const settings = {
  latency: channels.latency,
  quality: channels.quality,
  secondEncoder: channels.secondEncoder,
  remuxer: channels.remuxer,
  isRecorded: channels.isRecorded,
  dvrSeconds: channels.dvrSeconds,
};

/** Makes the key's channel live, in one transaction: its armed stream or else a new one. The channel's row lock lets one of several win. */
export const goLive = guarded(async (db: Database, vault: KeyVault, request: GoLiveRequest): Promise<GoLiveResult> => {
  return db.transaction(async (tx) => {
    const [channel] = await tx
      .select({ ...keyColumns, ...settings, blockedFor })
      .from(channels)
      .innerJoin(users, eq(users.id, channels.userId))
      .where(eq(channels.streamKey, vault.hash(request.streamKey)))
      .for("update", { of: channels });
    if (channel === undefined) return { kind: "unknown-key" };
    // Read again now that the channel is held: whoever makes its owner inactive ends what is live only up to there.
    const [owner] = await tx
      .select({ isActive: users.isActive })
      .from(users)
      .innerJoin(channels, eq(channels.userId, users.id))
      .where(eq(channels.id, channel.id));
    if (!owner?.isActive) return { kind: "inactive-user" };
    if (channel.blockedFor !== null && channel.blockedFor > 0) return { kind: "blocked", seconds: channel.blockedFor };

    const isLiveHere = sql`${streams.channelId} = ${channel.id} and ${streams.isLive}`;
    const ended = await endWhere(tx, sql`${isLiveHere} and ${staleFor(request.staleAfterMs)}`, LAST_HEARTBEAT);
    const [live] = await tx.select({ id: streams.id, ingestNode: streams.ingestNode }).from(streams).where(isLiveHere);
    const { slug, visibility, latency, quality, secondEncoder, remuxer, isRecorded, dvrSeconds } = channel;
    const sent = { latency, quality, secondEncoder, remuxer, isRecorded, dvrSeconds };
    const named = { channelId: channel.id, slug, visibility, ...sent };
    if (live !== undefined) return { kind: "already-live", streamId: live.id, ingestNode: live.ingestNode, ...named };
    if (request.isFull) return { kind: "no-room" };

    const now = sql`clock_timestamp()`;
    const started = { isLive: true, startedAt: now, heartbeatAt: now, ingestNode: request.nodeId };
    // Transition `publish` of an armed stream (stream-life.ts).
    const [armed] = await tx
      .select({ id: streams.id })
      .from(streams)
      .where(and(eq(streams.channelId, channel.id), isNotNull(streams.armedAt), isNull(streams.startedAt)))
      .orderBy(asc(streams.armedAt), asc(streams.id))
      .limit(1)
      .for("update");
    const [stream] =
      armed === undefined
        ? await tx
            .insert(streams)
            .values({ channelId: channel.id, title: channel.title, ...started })
            .returning({ id: streams.id })
        : await tx.update(streams).set(started).where(eq(streams.id, armed.id)).returning({ id: streams.id });
    const used = { streamKeyUsedAt: now, streamKeyUsedFrom: request.address?.slice(0, MAX_ADDRESS) ?? null };
    await tx
      .update(channels)
      .set({ isLive: true, viewersCount: 0, publishBlockedUntil: null, ...used })
      .where(eq(channels.id, channel.id));
    await announceStream(tx, "stream.started", stream!.id);
    return { kind: "live", streamId: stream!.id, ...named, ended };
  });
});

/** An IPv6 address with an embedded IPv4 one: the column's length. */
const MAX_ADDRESS = 45;

/** Signs of life for streams of this node; asks the database also when there are none. Returns the ids that still are live and its own; the others were ended by someone else. */
export const heartbeat = guarded(
  async (db: Database, nodeId: string, streamIds: readonly number[]): Promise<number[]> => {
    const rows = await db
      .update(streams)
      .set({ heartbeatAt: sql`clock_timestamp()`, updatedAt: sql`${streams.updatedAt}` })
      .where(and(inArray(streams.id, [...streamIds]), streams.isLive, eq(streams.ingestNode, nodeId)))
      .returning({ id: streams.id });
    return rows.map((row) => row.id);
  },
);

/** Ends a stream at `endedAt` (milliseconds since the epoch). Null when it was over already, which changes nothing. */
export const endStream = guarded(
  async (db: Database, streamId: number, endedAt: number): Promise<StreamName | null> => {
    const at = sql`${new Date(endedAt).toISOString()}::timestamptz`;
    return db.transaction(async (tx) => {
      const [ended] = await endWhere(tx, sql`${streams.id} = ${streamId} and ${streams.isLive}`, at);
      return ended ?? null;
    });
  },
);

/** Ends what a crashed process of this node left live, at its last sign of life. Returns what that was. */
export const recoverNode = guarded(async (db: Database, nodeId: string): Promise<readonly StreamName[]> => {
  return db.transaction(async (tx) => {
    const ended = await endWhere(tx, sql`${streams.isLive} and ${streams.ingestNode} = ${nodeId}`, LAST_HEARTBEAT);
    // Flags that belong to no live stream, whatever made them so.
    await tx
      .update(channels)
      .set({ isLive: false, viewersCount: 0 })
      .where(
        and(
          channels.isLive,
          sql`not exists (select from ${streams} where ${streams.channelId} = ${channels.id} and ${streams.isLive})`,
        ),
      );
    return ended;
  });
});

/** Ends the live streams of any node without a heartbeat for so long (milliseconds). Returns which those were. */
export const endStale = guarded(async (db: Database, staleAfterMs: number): Promise<readonly StreamName[]> => {
  return db.transaction((tx) => endWhere(tx, sql`${streams.isLive} and ${staleFor(staleAfterMs)}`, LAST_HEARTBEAT));
});

const LAST_HEARTBEAT = sql`coalesce(${streams.heartbeatAt}, ${streams.startedAt})`;

const staleFor = (milliseconds: number) =>
  sql`coalesce(${LAST_HEARTBEAT} < clock_timestamp() - ${milliseconds}::float8 * interval '1 millisecond', true)`;

/** Inside a transaction: ends the matching live streams (transition `end`) and clears their channels' flags. */
export async function endWhere(tx: Database, which: SQL, at: SQL): Promise<readonly StreamName[]> {
  // The channel before the stream, as in goLive, and several in the order of their ids: two transactions never wait for each other.
  const theirs = sql`select ${streams.channelId} from ${streams} where ${which}`;
  const held = await tx
    .select({ id: channels.id, slug: channels.slug, visibility: channels.visibility })
    .from(channels)
    .where(sql`${channels.id} in (${theirs})`)
    .orderBy(asc(channels.id))
    .for("update");
  if (held.length === 0) return [];
  // The clocks of an ingest node and of the database may differ: a stream never ends before it started.
  const endedAt = sql`greatest(${streams.startedAt}, ${at})`;
  const ids = held.map(({ id }) => id);
  const ended = await tx
    .update(streams)
    .set({ isLive: false, endedAt, duration: sql`floor(extract(epoch from ${endedAt} - ${streams.startedAt}))::int` })
    .where(and(which, inArray(streams.channelId, ids)))
    .returning({ streamId: streams.id, channelId: streams.channelId });
  if (ended.length === 0) return [];
  await tx
    .update(channels)
    .set({ isLive: false, viewersCount: 0 })
    .where(
      inArray(
        channels.id,
        ended.map(({ channelId }) => channelId),
      ),
    );
  const endedIds = ended.map(({ streamId }) => streamId);
  await announce(tx, "stream.ended", inArray(streams.id, endedIds));
  return ended.map(({ streamId, channelId }) => {
    const { slug, visibility } = held.find(({ id }) => id === channelId)!;
    return { streamId, channelId, slug, visibility };
  });
}

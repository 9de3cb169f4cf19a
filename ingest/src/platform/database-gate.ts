/** The gate bound to the database: who may publish, and what the database says about who is live. */
import {
  type Bus,
  type DatabaseHandle,
  type KeyVault,
  type Log,
  publishStreamChange,
  queries,
  type StreamName,
  sendCut,
} from "@streamhub/db";
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Admitted, Gate, PublishRequest, Refused } from "../live/ports.ts";
import { codeOf } from "./code-of.ts";
import { makeEndings } from "./endings.ts";
import { startHeartbeat } from "./heartbeat.ts";
import type { Peers } from "./node-link.ts";
import { within } from "./within.ts";

export interface DatabaseGateOptions {
  readonly handle: Pick<DatabaseHandle, "db">;
  /** Reads stream keys. */
  readonly vault: KeyVault;
  /** Is told who went live and whose broadcast is over, once the database has it. */
  readonly bus: Bus;
  /** Name of this ingest node, at most 100 characters: the same after a restart, another one than any other node's. */
  readonly nodeId: string;
  /** Between two signs of life of the live streams. Default 5 s. */
  readonly heartbeatMs?: number;
  /** A live stream without a sign of life for so long belongs to a crashed node. Default 30 s. */
  readonly staleAfterMs?: number;
  /** How long a publisher waits for the database before it is told `publish.unavailable`. Default 5 s. */
  readonly admitTimeoutMs?: number;
  /** Called when the database says that a stream of this node is over although the node has not ended it: stop its broadcast. */
  readonly onTakenOver?: (streamId: number) => void;
  /** Publishers at most; null, the default: no limit. Who comes back to a broadcast of this node is no new one. */
  readonly capacity?: number | null;
  /** Publishers of other processes that count for the same capacity; default none. */
  readonly others?: () => number;
  /** Where there are other nodes: a channel that one has which is gone, or about to stop, is let in here at once. */
  readonly peers?: Peers & { readonly isDraining: boolean };
  readonly log: Log;
}

/** Longer or stranger keys are in no channel; PostgreSQL would refuse a zero byte with an error. */
const POSSIBLE_KEY = /^[\x21-\x7e]{1,255}$/;

const refuse = (code: Refused["code"], reason: string): Refused => ({ kind: "refused", code, reason });
const UNKNOWN_KEY = refuse(
  "publish.unknown-key",
  "This stream key is not known here; copy it again from your channel's page.",
);
const INACTIVE_USER = refuse(
  "publish.inactive-user",
  "The account of this channel is deactivated; ask the administrator to activate it.",
);
const ALREADY_LIVE = refuse(
  "publish.already-publishing",
  "This channel is already live; stop the other encoder first.",
);
const stopped = (seconds: number) =>
  refuse(
    "publish.stopped",
    `This broadcast was stopped on the channel's page; wait ${seconds} s, or start a planned stream there, then publish again.`,
  );
const UNAVAILABLE = refuse(
  "publish.unavailable",
  "The server can't check stream keys at the moment; try again in a few seconds.",
);

const NO_ROOM = refuse(
  "publish.no-room",
  "This server takes no more publishers at the moment; try again in a minute, or another server's address.",
);
const DRAINING = refuse("publish.draining", "This server is about to stop; connect again to reach another one.");
const MOVED = "Your encoder has connected to another server, because this one is about to stop.";

/** The `Gate` of a node with a database. Call `recover` once before the first `admit`; `close` at the end. */
export function makeDatabaseGate(options: DatabaseGateOptions): Gate {
  const { nodeId, log, vault, bus, capacity = null, others = () => 0, peers } = options;
  if (!/^.{1,100}$/s.test(nodeId)) throw new RangeError("an ingest node's name has 1 to 100 characters");
  const { db } = options.handle;
  const staleAfterMs = options.staleAfterMs ?? 30_000;
  const admitTimeoutMs = options.admitTimeoutMs ?? 5_000;

  /** Streams that this gate admitted and nobody has ended. */
  const live = new Set<number>();
  // Told, not waited for: who watches the bus must never hold up a publisher. The bus itself throws nothing here.
  const tell = (type: "stream.started" | "stream.ended", streams: readonly StreamName[]) => {
    for (const stream of streams) void publishStreamChange(bus, type, stream).catch(() => {});
  };
  const endings = makeEndings({
    async end(streamId, endedAt) {
      const ended = await queries.endStream(db, streamId, endedAt);
      // Null: somebody else ended it, and has told so.
      if (ended !== null) tell("stream.ended", [ended]);
    },
    log,
  });
  const stopHeartbeat = startHeartbeat({
    db,
    nodeId,
    intervalMs: options.heartbeatMs ?? 5_000,
    staleAfterMs,
    live,
    onTakenOver: (streamId) => options.onTakenOver?.(streamId),
    onStale: (ended) => tell("stream.ended", ended),
    log,
  });
  let closed = false;
  /** Publishers that the database is asked about: room that may be taken. */
  let entering = 0;
  const isFull = () => peers?.isDraining === true || (capacity !== null && live.size + entering + others() >= capacity);

  async function goLive({ key: streamKey, address }: PublishRequest): Promise<queries.GoLiveResult> {
    const request = { streamKey, address, nodeId, staleAfterMs, isFull: isFull() };
    entering++;
    try {
      const result = await queries.goLive(db, vault, request);
      if (result.kind === "live") live.add(result.streamId);
      if (result.kind !== "already-live" || live.has(result.streamId) || request.isFull) return result;
      return (await freed(result)) ? await goLiveAgain(request) : result;
    } finally {
      entering--;
    }
  }

  async function goLiveAgain(request: queries.GoLiveRequest): Promise<queries.GoLiveResult> {
    const result = await queries.goLive(db, vault, request);
    if (result.kind === "live") live.add(result.streamId);
    return result;
  }

  /** Whether the node that has this stream has it no more, and the database knows. */
  async function freed({ streamId, ingestNode }: queries.GoLiveResult & { kind: "already-live" }): Promise<boolean> {
    if (peers === undefined || ingestNode === null) return false;
    const state = await peers.stateOf(ingestNode);
    if (state === "there") return false;
    log.warn({ code: `publish.node-${state}`, streamId, ingestNode }, "a channel of another node goes on here");
    if (state === "gone") tell("stream.ended", await queries.recoverNode(db, ingestNode));
    else {
      const ended = await queries.endStream(db, streamId, Date.now());
      if (ended !== null) tell("stream.ended", [ended]);
      await sendCut(bus, streamId, MOVED).catch(() => {});
    }
    return true;
  }

  async function admit(request: PublishRequest): Promise<Admitted | Refused> {
    if (closed) return UNAVAILABLE;
    if (!POSSIBLE_KEY.test(request.key)) return UNKNOWN_KEY;
    // A channel whose end is still to be written would look live.
    const going = endings.flush().then(() => goLive(request));
    try {
      const result = await within(going, admitTimeoutMs);
      if (result === "timeout") {
        // Should the database take it after all, nobody is there to publish.
        going.then(undoLate, () => {});
        log.warn({ code: UNAVAILABLE.code, connectionId: request.connectionId }, "the database did not answer in time");
        return UNAVAILABLE;
      }
      return answer(result);
    } catch (error) {
      const code = codeOf(error);
      // 23505 on streams_one_live_per_channel: someone else won between the look and the write.
      if (code === "database.constraint") return ALREADY_LIVE;
      log.warn({ code, connectionId: request.connectionId }, "a stream key could not be checked");
      return UNAVAILABLE;
    }
  }

  function answer(result: queries.GoLiveResult): Admitted | Refused {
    switch (result.kind) {
      case "unknown-key":
        return UNKNOWN_KEY;
      case "inactive-user":
        return INACTIVE_USER;
      case "no-room":
        return peers?.isDraining === true ? DRAINING : NO_ROOM;
      case "blocked":
        return stopped(result.seconds);
      case "already-live":
        // On this node: the encoder has come back, or another one has come. On another one nothing here can go on with it.
        return live.has(result.streamId) ? admitted(result) : { ...ALREADY_LIVE, slug: result.slug };
      case "live": {
        tell("stream.ended", result.ended);
        tell("stream.started", [result]);
        return admitted(result);
      }
    }
  }

  function admitted({
    slug,
    channelId,
    streamId,
    visibility,
    latency,
    quality,
    secondEncoder,
    remuxer,
    isRecorded,
    dvrSeconds,
  }: queries.GoLiveResult & { kind: "live" | "already-live" }): Admitted {
    const settings = { latency, quality, secondEncoder, remuxer, isRecorded, dvrSeconds };
    return { kind: "admitted", slug, channelId, streamId, visibility, ...settings };
  }

  function undoLate(result: queries.GoLiveResult): void {
    if (result.kind !== "live") return;
    live.delete(result.streamId);
    void endings.add(result.streamId, ms(Date.now()));
  }

  async function ended(streamId: number, endedAt: Milliseconds): Promise<void> {
    live.delete(streamId);
    await endings.add(streamId, endedAt);
  }

  return {
    admit,
    ended,
    async recover() {
      const ended = await queries.recoverNode(db, nodeId);
      tell("stream.ended", ended);
      return ended.length;
    },
    async close() {
      if (closed) return;
      closed = true;
      await stopHeartbeat(CLOSE_TIMEOUT_MS);
      await endings.close(CLOSE_TIMEOUT_MS);
    },
  };
}

const CLOSE_TIMEOUT_MS = 5_000;

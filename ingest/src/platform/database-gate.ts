/** The gate bound to the database: who may publish, and what the database says about who is live. */
import {
  type Bus,
  type DatabaseHandle,
  type KeyVault,
  type Log,
  publishStreamChange,
  queries,
  type StreamName,
} from "@streamhub/db";
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Admitted, Gate, PublishRequest, Refused } from "../live/ports.ts";
import { codeOf } from "./code-of.ts";
import { makeEndings } from "./endings.ts";
import { startHeartbeat } from "./heartbeat.ts";
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

/** The `Gate` of a node with a database. Call `recover` once before the first `admit`; `close` at the end. */
export function makeDatabaseGate(options: DatabaseGateOptions): Gate {
  const { nodeId, log, vault, bus } = options;
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

  async function admit(request: PublishRequest): Promise<Admitted | Refused> {
    if (closed) return UNAVAILABLE;
    if (!POSSIBLE_KEY.test(request.key)) return UNKNOWN_KEY;
    // A channel whose end is still to be written would look live.
    const { key: streamKey, address } = request;
    const going = endings.flush().then(() => queries.goLive(db, vault, { streamKey, address, nodeId, staleAfterMs }));
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
      case "blocked":
        return stopped(result.seconds);
      case "already-live":
        // On this node: the encoder has come back, or another one has come. On another one nothing here can go on with it.
        return live.has(result.streamId) ? admitted(result) : ALREADY_LIVE;
      case "live": {
        live.add(result.streamId);
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
    isRecorded,
    dvrSeconds,
  }: queries.GoLiveResult & { kind: "live" | "already-live" }): Admitted {
    const settings = { latency, quality, secondEncoder, isRecorded, dvrSeconds };
    return { kind: "admitted", slug, channelId, streamId, visibility, ...settings };
  }

  function undoLate(result: queries.GoLiveResult): void {
    if (result.kind === "live") void endings.add(result.streamId, ms(Date.now()));
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

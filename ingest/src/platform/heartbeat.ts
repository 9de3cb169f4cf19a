/** The signs of life of this node's live streams, and the end of those of nodes that give none. */
import { type DatabaseHandle, type Log, queries, type StreamName } from "@streamhub/db";
import { codeOf } from "./code-of.ts";
import { within } from "./within.ts";

export interface HeartbeatOptions {
  readonly db: DatabaseHandle["db"];
  readonly nodeId: string;
  readonly intervalMs: number;
  /** A live stream that was silent for so long belongs to a crashed node. */
  readonly staleAfterMs: number;
  /** Streams of this node; those that the database says are over are deleted from it. */
  readonly live: Set<number>;
  readonly onTakenOver: (streamId: number) => void;
  /** Streams of other nodes that were ended because their node fell silent. */
  readonly onStale: (ended: readonly StreamName[]) => void;
  readonly log: Log;
}

/** A beat that hangs is one that failed. */
const BEAT_TIMEOUT_MS = 20_000;

/** Starts beating. A database that is away is waited for. Returns the way to stop, which waits for a beat under way, for at most `timeoutMs`. */
export function startHeartbeat(options: HeartbeatOptions): (timeoutMs: number) => Promise<void> {
  const { db, nodeId, intervalMs, staleAfterMs, live, onTakenOver, onStale, log } = options;
  /** performance.now() since when every beat has reached the database; null after one that has not. */
  let healthySince: number | null = null;
  let failures = 0;

  async function beat(): Promise<void> {
    const sent = [...live];
    const still = new Set(await queries.heartbeat(db, nodeId, sent));
    for (const streamId of sent) {
      // `live` is asked again: the stream may have ended here while the database was answering.
      if (still.has(streamId) || !live.delete(streamId)) continue;
      log.warn({ code: "publish.taken-over", streamId }, "the database says that this stream is over");
      onTakenOver(streamId);
    }
    healthySince ??= performance.now();
    // Only a node that has seen the database up for all that time may say of another one that it was silent.
    if (performance.now() - healthySince <= staleAfterMs) return;
    const ended = await queries.endStale(db, staleAfterMs);
    if (ended.length === 0) return;
    log.warn({ code: "publish.stale", count: ended.length }, "ended streams of a node that gives no sign of life");
    onStale(ended);
  }

  async function attempt(): Promise<void> {
    try {
      if ((await within(beat(), BEAT_TIMEOUT_MS)) === "timeout") throw new Error("no answer");
      if (failures > 0) log.info({ failures }, "heartbeats reach the database again");
      failures = 0;
    } catch (error) {
      healthySince = null;
      // Counted, not repeated.
      if (failures++ === 0) log.warn({ code: codeOf(error) }, "a heartbeat did not reach the database");
    }
  }

  let current: Promise<void> | null = null;
  const timer = setInterval(() => {
    current ??= attempt().finally(() => {
      current = null;
    });
  }, intervalMs);

  return async (timeoutMs) => {
    clearInterval(timer);
    if (current !== null) await within(current, timeoutMs);
  };
}

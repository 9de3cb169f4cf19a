/** The ends of streams on their way to the database: kept until it has them, however long it is away. */
import type { Log } from "@streamhub/db";
import type { Milliseconds } from "../bytes/units.ts";
import { codeOf } from "./code-of.ts";
import { within } from "./within.ts";

export interface Endings {
  /** Resolves when the database has it, or when `close` gives up. Never rejects. */
  add(streamId: number, endedAt: Milliseconds): Promise<void>;
  /** One attempt for what is waiting now. Never rejects. */
  flush(): Promise<void>;
  /** A last attempt, bounded by `timeoutMs`; then everyone who waits is released. */
  close(timeoutMs: number): Promise<void>;
}

export interface EndingsOptions {
  readonly end: (streamId: number, endedAt: Milliseconds) => Promise<unknown>;
  readonly log: Log;
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
}

interface Pending {
  readonly endedAt: Milliseconds;
  readonly done: () => void;
  readonly promise: Promise<void>;
}

/** Admissions need the database, so while it is away at most the streams that were live then come in here; this only bounds a mistake. */
const MAX_PENDING = 10_000;

/** An attempt that hangs is one that failed: writing an end twice changes nothing. */
const ATTEMPT_TIMEOUT_MS = 20_000;

export function makeEndings(options: EndingsOptions): Endings {
  const { end, log } = options;
  const firstRetryMs = options.firstRetryMs ?? 250;
  const maxRetryMs = options.maxRetryMs ?? 10_000;
  const pending = new Map<number, Pending>();
  let retryMs = firstRetryMs;
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let closed = false;

  function add(streamId: number, endedAt: Milliseconds): Promise<void> {
    const known = pending.get(streamId);
    if (known !== undefined) return known.promise;
    if (pending.size >= MAX_PENDING) giveUp(pending.keys().next().value!);
    const { promise, resolve } = Promise.withResolvers<void>();
    pending.set(streamId, { endedAt, promise, done: resolve });
    // Whatever is running now may have passed this one by: flush after it.
    void flush().then(() => (pending.has(streamId) ? flush() : undefined));
    return promise;
  }

  function flush(): Promise<void> {
    if (pending.size === 0) return Promise.resolve();
    running ??= writeAll().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function writeAll(): Promise<void> {
    clearTimeout(timer);
    for (const [streamId, { endedAt, done }] of [...pending]) {
      try {
        const outcome = await within(end(streamId, endedAt), ATTEMPT_TIMEOUT_MS);
        if (outcome === "timeout") throw new Error("no answer");
        pending.delete(streamId);
        done();
        retryMs = firstRetryMs;
      } catch (error) {
        if (failures++ === 0)
          log.warn({ code: codeOf(error), streamId }, "the end of a stream could not be written; retrying");
        // Away for this one is away for the others as well.
        if (codeOf(error) === "database.unavailable") break;
      }
    }
    if (pending.size === 0) {
      if (failures > 0) log.info({ failures }, "the ends of streams are written");
      failures = 0;
    } else if (!closed) {
      clearTimeout(timer);
      timer = setTimeout(() => void flush(), retryMs);
      retryMs = Math.min(retryMs * 2, maxRetryMs);
    }
  }

  function giveUp(streamId: number): void {
    log.error(
      { code: "publish.end-lost", streamId },
      "the end of a stream could not be written; the next start will end it",
    );
    pending.get(streamId)?.done();
    pending.delete(streamId);
  }

  async function close(timeoutMs: number): Promise<void> {
    closed = true;
    clearTimeout(timer);
    // What is running may be an attempt that began before the last `add`.
    const lastAttempt = async () => {
      await running;
      await flush();
    };
    await within(lastAttempt(), timeoutMs);
    clearTimeout(timer);
    for (const streamId of [...pending.keys()]) giveUp(streamId);
  }

  return { add, flush, close };
}

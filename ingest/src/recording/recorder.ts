/**
 * Writes the segments of one broadcast to a storage as they are made, and then the line that tells of them: whatever happens to us, what the
 * journal tells of is there. What it can't write in time ends the recording, never the broadcast.
 *
 *   state       on                                                  to
 *   recording   the storage is full, or too slow for too long        stopped
 *   recording   finish, all is written                               done
 *   stopped     finish                                               done
 *   any         abandon                                              done
 */
import type { Milliseconds } from "../bytes/units.ts";
import type { Segment } from "../packager/segment.ts";
import { type Storage, StorageError } from "../storage/storage.ts";
import { encodeLines, epochLine, type Line, segmentLine } from "./journal.ts";
import { initKey, journalKey, segmentKey } from "./names.ts";
import { type Recording, sealRecording } from "./recording.ts";

/** Why a recording is shorter than its broadcast. */
export const STOP_REASONS = ["disk-full", "storage-slow", "storage-failed"] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export interface RecorderOptions {
  readonly storage: Storage;
  /** Of all its files. */
  readonly prefix: string;
  readonly startedAt: Milliseconds;
  /** A segment is in the storage, and the journal tells of it. */
  readonly onStored: (rendition: string, number: number) => void;
  /** It writes no more. Told once. */
  readonly onStopped: (reason: StopReason) => void;
  readonly limits?: Partial<RecorderLimits>;
}

export interface RecorderLimits {
  /** Media that waits to be written. */
  readonly maxQueuedBytes: number;
  /** A file that takes longer was not written. */
  readonly writeTimeoutMs: number;
  readonly retryMs: number;
  /** How long the end of a broadcast waits for what is queued. What is not written then is finished by the next sweep. */
  readonly finishMs: number;
}

export const DEFAULT_RECORDER_LIMITS: RecorderLimits = {
  maxQueuedBytes: 64 * 1024 * 1024,
  writeTimeoutMs: 20_000,
  retryMs: 500,
  finishMs: 30_000,
};

export interface Recorder {
  readonly state: "recording" | "stopped" | "done";
  readonly reason: StopReason | null;
  /** Bytes written. */
  readonly written: number;
  readonly queuedBytes: number;
  onTargetDuration(seconds: number): void;
  onSegment(rendition: string, segment: Segment): void;
  stop(reason: StopReason): void;
  /** The broadcast is over. Resolves with what there is to play, null when there is nothing; rejects with StorageError. */
  finish(): Promise<Recording | null>;
  /** Nobody wants it any more: nothing is written after it has resolved. */
  abandon(): Promise<void>;
}

interface Queued {
  readonly rendition: string;
  readonly segment: Segment;
}

/** Lines of one file of the journal: all of them are written anew with each new one. */
const LINES = 128;
/** Segments that are written at once. */
const AT_ONCE = 4;
const MAX_RETRY_MS = 4_000;

export function makeRecorder(options: RecorderOptions): Recorder {
  const { storage, prefix, startedAt, onStored, onStopped } = options;
  const limits = { ...DEFAULT_RECORDER_LIMITS, ...options.limits };
  let state: Recorder["state"] = "recording";
  let reason: StopReason | null = null;
  let queue: Queued[] = [];
  let queuedBytes = 0;
  let written = 0;
  let targetDuration = 0;
  let chunk = 0;
  let lines: Line[] = [];
  const epochs = new Set<number>();
  const inits = new Set<string>();
  let working: Promise<void> | null = null;
  const wake = Promise.withResolvers<void>();

  const sizeOf = (segment: Segment): number => (segment.kind === "media" ? segment.bytes.length : 0);

  function halt(next: Recorder["state"], why: StopReason | null): void {
    if (state !== "recording") return;
    state = next;
    reason = why;
    queue = [];
    queuedBytes = 0;
    wake.resolve();
    if (why !== null) onStopped(why);
  }

  /** Again and again until it is written, or nobody wants it. */
  async function put(key: string, bytes: Uint8Array): Promise<void> {
    for (let wait = limits.retryMs; ; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      try {
        await within(storage.put(key, bytes), limits.writeTimeoutMs);
        written += bytes.length;
        return;
      } catch (error) {
        if (state !== "recording") throw error;
        if (error instanceof StorageError && error.code === "storage.full") {
          halt("stopped", "disk-full");
          throw error;
        }
        failed = true;
        await Promise.race([Bun.sleep(wait), wake.promise]);
        if (state !== "recording") throw error;
      }
    }
  }
  /** The last attempt to write did not succeed. */
  let failed = false;

  async function putSegment({ rendition, segment }: Queued): Promise<void> {
    const { epoch } = segment;
    for (const track of epoch.tracks) {
      const key = initKey(prefix, track.rendition, epoch.number);
      if (inits.has(key)) continue;
      await put(key, track.init);
      inits.add(key);
    }
    if (segment.kind === "media") await put(segmentKey(prefix, rendition, segment.number), segment.bytes);
  }

  async function putLines(batch: readonly Queued[]): Promise<void> {
    if (chunk === 0 && lines.length === 0) {
      lines.push({ line: "broadcast", version: 1, startedAt, targetDuration });
    }
    for (const { rendition, segment } of batch) {
      const { epoch } = segment;
      if (!epochs.has(epoch.number)) {
        epochs.add(epoch.number);
        lines.push(epochLine(epoch));
      }
      lines.push(segmentLine(rendition, segment));
    }
    await put(journalKey(prefix, chunk), encodeLines(lines));
    if (lines.length < LINES) return;
    chunk++;
    lines = [];
  }

  async function work(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.slice(0, AT_ONCE);
      try {
        await Promise.all(batch.map(putSegment));
        await putLines(batch);
      } catch {
        return;
      }
      if (state !== "recording") return;
      failed = false;
      queue = queue.slice(batch.length);
      for (const { rendition, segment } of batch) {
        queuedBytes -= sizeOf(segment);
        onStored(rendition, segment.number);
      }
    }
  }

  function start(): void {
    working ??= work().finally(() => {
      working = null;
      if (queue.length > 0 && state === "recording") start();
    });
  }

  return {
    get state() {
      return state;
    },
    get reason() {
      return reason;
    },
    get written() {
      return written;
    },
    get queuedBytes() {
      return queuedBytes;
    },
    onTargetDuration(value) {
      targetDuration = value;
    },
    onSegment(rendition, segment) {
      if (state !== "recording") return;
      queue.push({ rendition, segment });
      queuedBytes += sizeOf(segment);
      if (queuedBytes > limits.maxQueuedBytes) halt("stopped", failed ? "storage-failed" : "storage-slow");
      else start();
    },
    stop: (why) => halt("stopped", why),
    async finish() {
      const deadline = performance.now() + limits.finishMs;
      while (working !== null && performance.now() < deadline) {
        await Promise.race([working, Bun.sleep(Math.max(0, deadline - performance.now()))]);
      }
      if (queue.length > 0) halt("stopped", failed ? "storage-failed" : "storage-slow");
      const hadStopped = state === "stopped";
      halt("done", null);
      state = "done";
      await working;
      return sealRecording(storage, prefix, hadStopped);
    },
    async abandon() {
      halt("done", null);
      state = "done";
      await working;
    },
  };
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new StorageError("storage.failed", "The storage does not answer.")),
    timeoutMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

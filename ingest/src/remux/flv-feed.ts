import { FLV_TAG_HEADER_SIZE, FlvTagType, writeFlvTagHeader } from "../flv/mux.ts";
import type { MediaTag } from "../live/media-tag.ts";
import { plainBody } from "./plain-tag.ts";

/** What a feed needs of a child's stdin: Bun's FileSink. A promise means that the pipe is full; the bytes given are copied. */
export interface Pipe {
  write(bytes: Uint8Array): number | Promise<number>;
  flush(): number | Promise<number>;
  end(): unknown;
}

export interface FlvFeedOptions {
  /** How much media crosses the pipe at once, in milliseconds. */
  readonly batchMs: number;
  readonly hasVideo: boolean;
  /** FLV time of a tag. */
  readonly timeOf: (tag: MediaTag) => number;
}

/** Frames tags as FLV into a pipe, in batches, and keeps what the pipe does not take yet. */
export interface FlvFeed {
  push(tag: MediaTag): void;
  /** Bytes given and not taken. */
  readonly queuedBytes: number;
  /** Writes the rest, then closes the pipe. */
  end(): void;
  /** Drops the rest. */
  abandon(): void;
}

/** Sound has smaller steps than the picture: it goes with the next picture, if that comes soon. */
const SOUND_WAIT_MS = 45;
/** About as much as the socket pair that Bun makes for a stdin takes at once. */
const BATCH_BYTES = 128 * 1024;
/** A buffer that a slow pipe made grow beyond this is given up afterwards. */
const MAX_KEPT_BYTES = 8 * BATCH_BYTES;
const URGENT_MS = 150;
const PREVIOUS_TAG_SIZE = 4;

/** `header`: bytes before the first tag. */
export function makeFlvFeed(pipe: Pipe, header: Uint8Array, options: FlvFeedOptions): FlvFeed {
  const { batchMs, hasVideo, timeOf } = options;
  /**
   * Framed tags that wait. Copied when they come, into memory that is used again: a tag's payload is good for the call only, and fresh memory
   * for each was most of packaging's CPU time (docs/decisions/0002-hot-path.md).
   */
  let buffer = new Uint8Array(BATCH_BYTES);
  let filled = 0;
  /** Publisher's time of the first frame that waits. */
  let firstAt: number | null = null;
  /** Bytes that the pipe has accepted and not passed on. */
  let busyBytes = 0;
  let urgentTo = Number.NEGATIVE_INFINITY;
  let isEnding = false;
  let isClosed = false;

  function give(bytes: Uint8Array): void {
    // The promise of write is that of flush, too.
    void Promise.resolve(pipe.write(bytes)).catch(() => {});
  }

  /** Writes what waits; the pipe copies what it can't take at once. */
  function pump(): void {
    if (isClosed || busyBytes > 0) return;
    try {
      const bytes = filled;
      filled = 0;
      firstAt = null;
      for (let at = 0; at < bytes; at += BATCH_BYTES) give(buffer.subarray(at, Math.min(bytes, at + BATCH_BYTES)));
      const flushed = pipe.flush();
      if (buffer.length > MAX_KEPT_BYTES) buffer = new Uint8Array(BATCH_BYTES);
      if (flushed instanceof Promise) {
        busyBytes = Math.max(1, bytes);
        flushed.then(drained, () => {});
      } else if (isEnding) {
        close();
      }
    } catch {
      // The child is gone: its exit says why.
      abandon();
    }
  }

  function drained(): void {
    busyBytes = 0;
    if (isEnding && filled === 0) close();
    else if (isEnding || filled > 0) pump();
  }

  function hold(tag: MediaTag, body: Uint8Array): void {
    const needed = filled + FLV_TAG_HEADER_SIZE + body.length + PREVIOUS_TAG_SIZE;
    if (needed > buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * buffer.length));
      grown.set(buffer.subarray(0, filled));
      buffer = grown;
    }
    filled = writeTag(buffer, filled, tag, body, timeOf(tag));
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    void Promise.resolve(pipe.end()).catch(() => {});
  }

  function abandon(): void {
    filled = 0;
    buffer = new Uint8Array(0);
    close();
  }

  give(header);

  return {
    push(tag) {
      if (isEnding || isClosed) return;
      const body = plainBody(tag);
      if (body === null) return;
      hold(tag, body);
      if (tag.isConfig) return;
      // A keyframe and what follows it never wait: ffmpeg gives out a frame when it has seen the next one and sound from behind
      // it, so that a segment ends as early as it would without batches.
      if (tag.isKeyframe) urgentTo = tag.timestamp + URGENT_MS;
      const isUrgent = tag.kind === "video" && tag.timestamp <= urgentTo;
      firstAt ??= tag.timestamp;
      const wait = hasVideo && tag.kind === "audio" ? Math.max(batchMs, SOUND_WAIT_MS) : batchMs;
      if (isUrgent || tag.timestamp - firstAt >= wait || filled > BATCH_BYTES) pump();
    },
    get queuedBytes() {
      return busyBytes + filled;
    },
    end() {
      isEnding = true;
      pump();
    },
    abandon() {
      isEnding = true;
      abandon();
    },
  };
}

function writeTag(out: Uint8Array, from: number, tag: MediaTag, body: Uint8Array, time: number): number {
  const type = tag.kind === "video" ? FlvTagType.video : FlvTagType.audio;
  writeFlvTagHeader(out, from, type, body.length, time);
  const start = from + FLV_TAG_HEADER_SIZE;
  out.set(body, start);
  const end = start + body.length;
  const size = FLV_TAG_HEADER_SIZE + body.length;
  out[end] = size >>> 24;
  out[end + 1] = size >>> 16;
  out[end + 2] = size >>> 8;
  out[end + 3] = size;
  return end + PREVIOUS_TAG_SIZE;
}

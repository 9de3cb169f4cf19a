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
const URGENT_MS = 150;
const PREVIOUS_TAG_SIZE = 4;

interface Held {
  readonly tag: MediaTag;
  readonly body: Uint8Array;
}

/** One for all feeds: a batch is written before anything else can happen, and the pipe copies what it can't take. */
const scratch = new Uint8Array(BATCH_BYTES);

/** `header`: bytes before the first tag. */
export function makeFlvFeed(pipe: Pipe, header: Uint8Array, options: FlvFeedOptions): FlvFeed {
  const { batchMs, hasVideo, timeOf } = options;
  let held: Held[] = [];
  let heldBytes = 0;
  /** Bytes that the pipe has accepted and not passed on. */
  let busyBytes = 0;
  let urgentTo = Number.NEGATIVE_INFINITY;
  let isEnding = false;
  let isClosed = false;

  function give(bytes: Uint8Array): void {
    // The promise of write is that of flush, too.
    void Promise.resolve(pipe.write(bytes)).catch(() => {});
  }

  /** Writes what is held until the pipe is full. */
  function pump(): void {
    if (isClosed || busyBytes > 0) return;
    try {
      const bytes = heldBytes;
      const batch = held;
      held = [];
      heldBytes = 0;
      writeTags(batch);
      const flushed = pipe.flush();
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
    if (isEnding && held.length === 0) close();
    else if (isEnding || heldBytes > 0) pump();
  }

  function writeTags(batch: readonly Held[]): void {
    let at = 0;
    for (const { tag, body } of batch) {
      const size = FLV_TAG_HEADER_SIZE + body.length + PREVIOUS_TAG_SIZE;
      if (at + size > scratch.length) {
        if (at > 0) give(scratch.subarray(0, at));
        at = 0;
      }
      if (size > scratch.length) {
        const own = new Uint8Array(size);
        writeTag(own, 0, tag, body, timeOf(tag));
        give(own);
      } else {
        at = writeTag(scratch, at, tag, body, timeOf(tag));
      }
    }
    if (at > 0) give(scratch.subarray(0, at));
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    void Promise.resolve(pipe.end()).catch(() => {});
  }

  function abandon(): void {
    held = [];
    heldBytes = 0;
    close();
  }

  give(header);

  return {
    push(tag) {
      if (isEnding || isClosed) return;
      const body = plainBody(tag);
      if (body === null) return;
      held.push({ tag, body });
      heldBytes += FLV_TAG_HEADER_SIZE + body.length + PREVIOUS_TAG_SIZE;
      if (tag.isConfig) return;
      // A keyframe and what follows it never wait: ffmpeg gives out a frame when it has seen the next one and sound from behind
      // it, so that a segment ends as early as it would without batches.
      if (tag.isKeyframe) urgentTo = tag.timestamp + URGENT_MS;
      const isUrgent = tag.kind === "video" && tag.timestamp <= urgentTo;
      const first = held.find((each) => !each.tag.isConfig)!.tag;
      const wait = hasVideo && tag.kind === "audio" ? Math.max(batchMs, SOUND_WAIT_MS) : batchMs;
      if (isUrgent || tag.timestamp - first.timestamp >= wait || heldBytes > BATCH_BYTES) pump();
    },
    get queuedBytes() {
      return busyBytes + heldBytes;
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

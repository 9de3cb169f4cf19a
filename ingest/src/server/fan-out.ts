/** What the RTMP players of one broadcast share: the chunks of a tag, and, where they are many, the writes. */
import type { Milliseconds } from "../bytes/units.ts";
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { MediaTag } from "../live/media-tag.ts";
import { Csid } from "../rtmp/chunk/csid.ts";
import { encodeMessage } from "../rtmp/chunk/encoder.ts";
import { MessageType } from "../rtmp/chunk/header.ts";

/** The message stream id that every player's first one has. */
export const SHARED_STREAM_ID = 1;

/**
 * From so many players on, what they are sent is written together: a write costs the kernel as much as 10 KB of it, and 100 players of 77
 * messages a second are 7,700 writes. Fewer get each message as it comes.
 */
const BATCHES_FROM = 8;
/** A batch that has grown to so much waits no longer. */
const FULL_BATCH = 64 * 1024;

/** The chunks of a tag, RTMP 1.0 §5.3. */
export function encodeTag(tag: MediaTag, streamId: number, chunkSize: number): Uint8Array {
  const typeId =
    tag.kind === "video" ? MessageType.video : tag.kind === "audio" ? MessageType.audio : MessageType.dataAmf0;
  const csid = tag.kind === "video" ? Csid.video : tag.kind === "audio" ? Csid.audio : Csid.data;
  return encodeMessage({ typeId, streamId, timestamp: tag.timestamp >>> 0, payload: tag.payload }, csid, chunkSize);
}

/** One player among those that share. */
export interface Receiver {
  readonly write: (bytes: Uint8Array) => void;
  /** Where in the batch its part begins; -1: it has none. The fan-out's own. */
  from: number;
}

export function makeReceiver(write: (bytes: Uint8Array) => void): Receiver {
  return { write, from: -1 };
}

/** Of one broadcast and one chunk size. Every player gets message stream id 1 and fmt 0 headers, so the same bytes serve all. */
export class FanOut {
  private readonly receivers = new Set<Receiver>();
  /** The tag that is being handed round, and its chunks. */
  private tag: MediaTag | null = null;
  private chunks: Uint8Array = new Uint8Array(0);
  /** The last tag that went into the batch, and where its chunks begin there. */
  private last: MediaTag | null = null;
  private at = 0;
  private batch: Uint8Array[] = [];
  private batched = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  /** `delay`: how long a message may wait for others. */
  constructor(
    private readonly chunkSize: number,
    private readonly delay: Milliseconds,
  ) {}

  add(receiver: Receiver): void {
    this.receivers.add(receiver);
  }

  /** What it has not been sent yet is lost to it. */
  remove(receiver: Receiver): void {
    receiver.from = -1;
    this.receivers.delete(receiver);
  }

  /** The tag's chunks, made once for all who ask while it is handed round. */
  encode(tag: MediaTag): Uint8Array {
    if (this.tag !== tag) {
      this.tag = tag;
      this.chunks = encodeTag(tag, SHARED_STREAM_ID, this.chunkSize);
    }
    return this.chunks;
  }

  /** Sends it at once or with others. A receiver gets every tag from its first one on. */
  send(tag: MediaTag, receiver: Receiver): void {
    if (this.last !== tag) this.take(tag);
    if (this.timer === null) receiver.write(this.encode(tag));
    else if (receiver.from < 0) receiver.from = this.at;
  }

  /** Sends all that waits. */
  flush(): void {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    const bytes = joined(this.batch, this.batched);
    this.batch = [];
    this.batched = 0;
    for (const receiver of this.receivers) {
      const { from } = receiver;
      receiver.from = -1;
      // A slow receiver's queue keeps a view: this memory is not used again.
      if (from >= 0) receiver.write(from === 0 ? bytes : bytes.subarray(from));
    }
  }

  /** Decides for all receivers of the tag: into the batch, or not. */
  private take(tag: MediaTag): void {
    this.last = tag;
    if (this.batched >= FULL_BATCH) this.flush();
    if (this.timer === null) {
      if (this.receivers.size < BATCHES_FROM) return;
      this.timer = setTimeout(() => this.flush(), this.delay);
    }
    const chunks = this.encode(tag);
    this.at = this.batched;
    this.batch.push(chunks);
    this.batched += chunks.length;
  }
}

export function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Gone with their broadcast. All players of a server have its one chunk size. */
const fanOuts = new WeakMap<LiveBroadcast, FanOut>();

export function fanOutOf(broadcast: LiveBroadcast, chunkSize: number, delay: Milliseconds): FanOut {
  let fanOut = fanOuts.get(broadcast);
  if (fanOut === undefined) {
    fanOut = new FanOut(chunkSize, delay);
    fanOuts.set(broadcast, fanOut);
  }
  return fanOut;
}

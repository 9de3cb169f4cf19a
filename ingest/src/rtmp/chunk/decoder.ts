/**
 * Chunks to messages, RTMP 1.0 §5.3. Incremental: any split of the bytes gives the same messages.
 *
 * A header is parsed in place when all of it lies in the input, else from an 18-byte carry. A payload that lies whole in one
 * chunk of the input becomes a view (no copy); one that is spread over chunks is copied once into a buffer that grows with what
 * has arrived, never with what the header announces.
 */
import { WireError } from "../../bytes/wire-error.ts";
import type { SessionLimits } from "../limits.ts";
import {
  DEFAULT_CHUNK_SIZE,
  EXTENDED_TIMESTAMP,
  MAX_HEADER_SIZE,
  MESSAGE_HEADER_SIZE,
  type Message,
  MessageType,
} from "./header.ts";
import { type ChunkStream, ChunkStreams } from "./streams.ts";

type ChunkLimits = Pick<SessionLimits, "maxChunkSize" | "maxMessageSize" | "maxChunkStreams" | "maxUnfinishedBytes">;

const NO_BYTES = new Uint8Array(0);
/** First reservation for a message whose bytes are not all on hand. */
const FIRST_RESERVATION = 4096;
/** Largest message memory that a chunk stream keeps for its next message. */
const MAX_SPARE = 128 * 1024;

export class ChunkDecoder {
  private readonly streams: ChunkStreams;
  private chunkSize = DEFAULT_CHUNK_SIZE;
  private reserved = 0;

  /** The chunk whose payload is being read, and how much of it is missing. */
  private current: ChunkStream | null = null;
  private chunkRemaining = 0;

  private input: Uint8Array = NO_BYTES;
  private position = 0;
  private readonly carry = new Uint8Array(MAX_HEADER_SIZE);
  private carried = 0;
  private parsed: ChunkStream | null = null;

  /** Largest message length taken in a header; its owner may change it between messages. */
  maxMessageSize: number;

  /**
   * True: a message's payload is good only until the next call of `next`, and messages put together from several chunks take turns in
   * the same memory (a buffer for each was a quarter of the time spent in JavaScript). False: payloads are good for ever.
   */
  reusesMemory = false;

  constructor(private readonly limits: ChunkLimits) {
    this.maxMessageSize = limits.maxMessageSize;
    this.streams = new ChunkStreams(limits.maxChunkStreams);
  }

  /** Bytes reserved for messages that are not complete. */
  get unfinishedBytes(): number {
    return this.reserved;
  }

  /** False while a view of pushed bytes is kept here. */
  get isDrained(): boolean {
    return this.input === NO_BYTES;
  }

  /** Takes bytes in. Keeps views of them: the caller must not write to them afterwards. */
  push(bytes: Uint8Array): void {
    this.input = this.position < this.input.length ? join(this.input.subarray(this.position), bytes) : bytes;
    this.position = 0;
  }

  /**
   * The next complete message, or null when more bytes are needed. Set Chunk Size and Abort are obeyed here, at their exact
   * byte, and returned too.
   */
  next(): Message | null {
    while (this.position < this.input.length || this.current !== null) {
      const stream = this.current ?? this.readHeader();
      if (stream === null) break;
      this.current = stream;
      const message = this.readPayload(stream);
      if (message !== null) {
        if (message.typeId === MessageType.setChunkSize || message.typeId === MessageType.abort) this.obey(message);
        return message;
      }
      if (this.current !== null) break;
    }
    // A used-up read must not be kept alive until the next one comes.
    if (this.position >= this.input.length) this.push(NO_BYTES);
    return null;
  }

  private readHeader(): ChunkStream | null {
    const { input } = this;
    if (this.carried === 0) {
      const used = this.parseHeader(input, this.position, input.length);
      if (used > 0) {
        this.position += used;
        return this.parsed;
      }
    }
    const before = this.carried;
    const taken = Math.min(MAX_HEADER_SIZE - before, input.length - this.position);
    for (let i = 0; i < taken; i++) this.carry[before + i] = input[this.position + i]!;
    const used = this.parseHeader(this.carry, 0, before + taken);
    if (used === 0) {
      this.carried = before + taken;
      this.position = input.length;
      return null;
    }
    this.carried = 0;
    if (used >= before) {
      this.position += used - before;
    } else {
      // Bytes that could have been a repeated extended timestamp were payload after all.
      this.input = join(this.carry.slice(used, before), input.subarray(this.position));
      this.position = 0;
    }
    return this.parsed;
  }

  /** Parses one header and applies it to its chunk stream; returns its size, or 0 when more bytes are needed (nothing is changed then). */
  private parseHeader(b: Uint8Array, start: number, end: number): number {
    let at = start;
    if (at >= end) return 0;
    const first = b[at++]!;
    const fmt = first >> 6;
    let csid = first & 0x3f;
    if (csid === 0) {
      if (at + 1 > end) return 0;
      csid = 64 + b[at++]!;
    } else if (csid === 1) {
      if (at + 2 > end) return 0;
      // §5.3.1.1: the third byte counts 256.
      csid = 64 + b[at]! + b[at + 1]! * 256;
      at += 2;
    }
    if (at + MESSAGE_HEADER_SIZE[fmt]! > end) return 0;

    const known = this.streams.find(csid);
    // §5.3.1.2.1: a chunk stream begins with fmt 0. Deviation: fmt 1 is taken too, its delta counted from 0 and its message stream
    // id 0: librtmp begins its control messages that way.
    if (known === undefined && fmt > 1) {
      throw new WireError(
        "chunk.no-previous-header",
        `fmt ${fmt} on chunk stream ${csid}, which has no header to continue`,
      );
    }
    const starts = known === undefined || known.buffer === null;

    let field = -1;
    let extended = -1;
    let length = known?.length ?? 0;
    let typeId = known?.typeId ?? 0;
    let streamId = known?.streamId ?? 0;
    if (fmt <= 2) {
      field = (b[at]! << 16) | (b[at + 1]! << 8) | b[at + 2]!;
      if (fmt <= 1) {
        length = (b[at + 3]! << 16) | (b[at + 4]! << 8) | b[at + 5]!;
        typeId = b[at + 6]!;
        // §5.3.1.2.1: the one little-endian field of the protocol.
        if (fmt === 0) streamId = (b[at + 7]! | (b[at + 8]! << 8) | (b[at + 9]! << 16) | (b[at + 10]! << 24)) >>> 0;
      }
      at += MESSAGE_HEADER_SIZE[fmt]!;
      if (field === EXTENDED_TIMESTAMP) {
        if (at + 4 > end) return 0;
        extended = ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
        at += 4;
      }
    } else if (known!.extended >= 0) {
      // §5.3.1.3: fmt 3 repeats the extended field. Deviation: some old encoders leave it out, so it is only taken when it
      // has the value of the header that it repeats. The first byte that differs decides: a last chunk may be shorter than the field.
      let same = 0;
      while (same < 4 && at + same < end && b[at + same] === ((known!.extended >>> (24 - 8 * same)) & 0xff)) same++;
      if (same === 4) at += 4;
      else if (at + same === end) return 0;
    }

    if (fmt <= 1 && length > this.maxMessageSize) {
      throw new WireError("message.too-large", `message of ${length} bytes announced, ${this.maxMessageSize} allowed`);
    }
    const stream = known ?? this.streams.open(csid);
    if (fmt <= 2) {
      // A header inside a message: the sender gave that message up.
      if (!starts) this.discard(stream);
      const time = extended >= 0 ? extended : field;
      stream.timestamp = fmt === 0 ? time : (stream.timestamp + time) >>> 0;
      stream.delta = time;
      stream.extended = extended;
      stream.length = length;
      stream.typeId = typeId;
      stream.streamId = streamId;
    } else if (starts) {
      // §5.3.1.2.4: a new message with everything as before; after fmt 0 the delta is that header's timestamp.
      stream.timestamp = (stream.timestamp + stream.delta) >>> 0;
    }
    if (stream.buffer === null) {
      stream.buffer = NO_BYTES;
      stream.received = 0;
    }
    this.chunkRemaining = Math.min(stream.length - stream.received, this.chunkSize);
    this.parsed = stream;
    return at - start;
  }

  private readPayload(stream: ChunkStream): Message | null {
    const { input, position } = this;
    const onHand = input.length - position;
    const count = Math.min(this.chunkRemaining, onHand);
    if (stream.received === 0 && count === stream.length) {
      this.position = position + count;
      return this.complete(stream, input.subarray(position, position + count));
    }
    if (count === 0) return null;
    const buffer = this.reserve(stream, count, onHand);
    copy(input, position, count, buffer, stream.received);
    stream.received += count;
    this.position = position + count;
    this.chunkRemaining -= count;
    if (this.chunkRemaining === 0) this.current = null;
    if (stream.received < stream.length) return null;
    this.reserved -= buffer.length;
    if (this.reusesMemory && buffer.length <= MAX_SPARE && buffer.length > (stream.spare?.length ?? 0))
      stream.spare = buffer;
    return this.complete(stream, buffer);
  }

  private complete(stream: ChunkStream, payload: Uint8Array): Message {
    stream.buffer = null;
    stream.received = 0;
    this.current = null;
    return { typeId: stream.typeId, streamId: stream.streamId, timestamp: stream.timestamp, payload };
  }

  /**
   * Room for `count` more bytes: all of the message when as many bytes are on hand, else at most twice what has come. What is reserved
   * counts, not what is filled: bytes on hand are on hand once, however many chunk streams announce a message.
   */
  private reserve(stream: ChunkStream, count: number, onHand: number): Uint8Array {
    const held = stream.buffer!;
    if (held.length >= stream.received + count) return held;
    const arrived = stream.received + onHand;
    const { spare } = stream;
    const isSpared = held.length === 0 && spare !== null && spare.length >= stream.length;
    const capacity =
      isSpared || arrived >= stream.length
        ? stream.length
        : Math.min(stream.length, Math.max(FIRST_RESERVATION, 2 * arrived));
    const reserved = this.reserved + capacity - held.length;
    if (reserved > this.limits.maxUnfinishedBytes) {
      throw new WireError(
        "chunk.unfinished-limit",
        `unfinished messages exceed ${this.limits.maxUnfinishedBytes} bytes`,
      );
    }
    this.reserved = reserved;
    const grown = isSpared ? spare.subarray(0, capacity) : new Uint8Array(capacity);
    if (stream.received > 0) grown.set(held.subarray(0, stream.received));
    stream.buffer = grown;
    return grown;
  }

  private discard(stream: ChunkStream): void {
    if (stream.buffer !== null) this.reserved -= stream.buffer.length;
    stream.buffer = null;
    stream.received = 0;
  }

  private obey(message: Message): void {
    const p = message.payload;
    if (p.length < 4)
      throw new WireError(
        "message.malformed",
        `protocol control message ${message.typeId} of ${p.length} bytes, 4 expected`,
      );
    const value = ((p[0]! << 24) | (p[1]! << 16) | (p[2]! << 8) | p[3]!) >>> 0;
    if (message.typeId === MessageType.setChunkSize) {
      // §5.4.1: the first bit must be zero, the size at least 1.
      if (value < 1 || value > this.limits.maxChunkSize) {
        throw new WireError("chunk.size-invalid", `chunk size ${value}: 1 to ${this.limits.maxChunkSize} allowed`);
      }
      this.chunkSize = value;
    } else if (message.typeId === MessageType.abort) {
      // §5.4.2: drops the partial message of one chunk stream.
      const stream = this.streams.find(value);
      if (stream !== undefined) this.discard(stream);
    }
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** Short copies are cheaper in a loop than through a view and `set`. */
function copy(from: Uint8Array, at: number, count: number, to: Uint8Array, offset: number): void {
  if (count <= 64) for (let i = 0; i < count; i++) to[offset + i] = from[at + i]!;
  else to.set(from.subarray(at, at + count), offset);
}

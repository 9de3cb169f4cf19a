/**
 * Chunk header, RTMP 1.0 §5.3.1.
 *
 * basic header (1-3 bytes): fmt (2 bits), csid: 2-63 in one byte; 0 = one more byte, csid 64-319; 1 = two more bytes, csid 64-65599.
 * message header by fmt: 0 = timestamp(3) length(3) type(1) message stream id(4, little-endian); 1 = delta, length, type; 2 = delta; 3 = nothing.
 * extended timestamp (4) when the 3-byte field is 0xFFFFFF.
 */
export const MIN_CSID = 2;
export const MAX_CSID = 65599;
/** §5.4.1: the chunk size of both directions until Set Chunk Size changes it. */
export const DEFAULT_CHUNK_SIZE = 128;
/** Marks that the extended timestamp field is there (§5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff;
/** Bytes of the message header by fmt. */
export const MESSAGE_HEADER_SIZE = [11, 7, 3, 0] as const;
/** 3 + 11 + 4. */
export const MAX_HEADER_SIZE = 18;

/** Message type ids, §5.4 and §7.1. */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  dataAmf0: 18,
  sharedObjectAmf0: 19,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** One whole message, put together from its chunks. `payload` is never written to again. */
export interface Message {
  readonly typeId: number;
  /** Message stream id. */
  readonly streamId: number;
  /** Milliseconds modulo 2^32. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

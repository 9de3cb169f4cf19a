import { type Bytes, bytes } from "../bytes/units.ts";

/** What one connection may make us hold or do. Every number from the wire is checked against these before memory is reserved. */
export interface SessionLimits {
  /** Largest Set Chunk Size accepted. A chunk size reserves nothing here, so the protocol's own bound is safe (§5.4.1). */
  readonly maxChunkSize: Bytes;
  /** Largest message length in a chunk header. A 4K intra frame at 60 Mbit/s is below 4 MiB. */
  readonly maxMessageSize: Bytes;
  /** The same until a publish is accepted: who is not known yet sends commands only. The longest real `connect` has below 1 KiB. */
  readonly maxSetupMessageSize: Bytes;
  /** Chunk stream ids remembered per connection; real encoders use 2 to 6. */
  readonly maxChunkStreams: number;
  /** Bytes of unfinished messages over all chunk streams of a connection. */
  readonly maxUnfinishedBytes: Bytes;
  /** Objects and arrays inside one another in one AMF body. */
  readonly maxAmfDepth: number;
  /** Values in one AMF body; the longest onMetaData seen from a real encoder has 25. */
  readonly maxAmfValues: number;
  /** Message streams open at a time on one connection (`createStream`). */
  readonly maxMessageStreams: number;
  /** Bytes kept unread while the gate decides on a publish or play. */
  readonly maxHeldBytes: Bytes;
  /** Longest stream key or playback name, in UTF-16 units: the column's width. */
  readonly maxNameLength: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxChunkSize: bytes(0x7fffffff),
  maxMessageSize: bytes(8 * 1024 * 1024),
  maxSetupMessageSize: bytes(64 * 1024),
  maxChunkStreams: 64,
  maxUnfinishedBytes: bytes(12 * 1024 * 1024),
  maxAmfDepth: 16,
  maxAmfValues: 4096,
  maxMessageStreams: 8,
  maxHeldBytes: bytes(1024 * 1024),
  maxNameLength: 255,
};

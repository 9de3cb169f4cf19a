import type { Milliseconds } from "../bytes/units.ts";

/** The codec of a track, by its E-RTMP FourCC; classic FLV codec ids are mapped to the same names. */
export type Codec =
  | "avc1"
  | "hvc1"
  | "av01"
  | "vp09"
  | "mp4a"
  | ".mp3"
  | "Opus"
  | "fLaC"
  | "ac-3"
  | "ec-3"
  | "unsupported";

export type MediaKind = "audio" | "video" | "script";

/**
 * One media message of a publisher, with what the FLV headers say about it. `payload` is the FLV tag body as it came over
 * the wire (never mutated, safe to keep), so that every sink frames it in its own way.
 */
export interface MediaTag {
  readonly kind: MediaKind;
  /** Decode time, continued past 2^32 (`unwrapTimestamp`). May jump when the encoder jumps. */
  readonly timestamp: Milliseconds;
  readonly payload: Uint8Array;
  readonly codec: Codec;
  /** Decoder configuration (AVCDecoderConfigurationRecord, AudioSpecificConfig …), not media. */
  readonly isConfig: boolean;
  /** A video frame from which decoding can start. */
  readonly isKeyframe: boolean;
  /** E-RTMP multitrack or ModEx framing: an FLV reader older than E-RTMP v2 misreads it. */
  readonly isEnhanced: boolean;
}

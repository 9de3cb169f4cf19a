import type { Milliseconds } from "../bytes/units.ts";
import { readAudioHeader } from "../flv/audio.ts";
import type { Codec } from "../flv/fourcc.ts";
import { readVideoHeader } from "../flv/video.ts";

export type { Colour } from "../flv/colour.ts";
export type { Codec } from "../flv/fourcc.ts";

export type MediaKind = "audio" | "video" | "script";

/**
 * One media message of a publisher, with what the FLV headers say about it. `payload` is the FLV tag body as it came over
 * the wire (never mutated, safe to keep), so that every sink frames it in its own way.
 */
export interface MediaTag {
  readonly kind: MediaKind;
  /** Decode time, continued past 2^32 and over a publisher's return. May jump when the encoder jumps. */
  readonly timestamp: Milliseconds;
  readonly payload: Uint8Array;
  readonly codec: Codec;
  /** Decoder configuration (AVCDecoderConfigurationRecord, AudioSpecificConfig …), not media. */
  readonly isConfig: boolean;
  /** A video frame from which decoding can start. */
  readonly isKeyframe: boolean;
  /** E-RTMP framing: an FLV reader older than E-RTMP misreads it. */
  readonly isEnhanced: boolean;
  /** E-RTMP track id; 0 outside multitrack. */
  readonly trackId: number;
  /** Neither media nor configuration: end of sequence, metadata packets, commands. */
  readonly isControl: boolean;
}

/**
 * Reads the FLV header of one message. Null when the body is malformed or empty (OBS ends its audio with an empty body): such a
 * message is dropped and the rest goes on.
 */
export function makeMediaTag(kind: MediaKind, timestamp: Milliseconds, payload: Uint8Array): MediaTag | null {
  if (kind === "script") {
    return {
      kind,
      timestamp,
      payload,
      codec: "unsupported",
      isConfig: true,
      isKeyframe: false,
      isEnhanced: false,
      trackId: 0,
      isControl: false,
    };
  }
  if (kind === "video") {
    const header = readVideoHeader(payload);
    if (header === null) return null;
    const { packet, isKeyframe, isEnhanced, codec, trackId } = header;
    const isConfig = packet === "config";
    return {
      kind,
      timestamp,
      payload,
      codec,
      isConfig,
      isKeyframe,
      isEnhanced,
      trackId,
      isControl: packet !== "frame" && !isConfig,
    };
  }
  const header = readAudioHeader(payload);
  if (header === null) return null;
  const { packet, isEnhanced, codec, trackId } = header;
  const isConfig = packet === "config";
  return {
    kind,
    timestamp,
    payload,
    codec,
    isConfig,
    isKeyframe: false,
    isEnhanced,
    trackId,
    isControl: packet !== "frame" && !isConfig,
  };
}

/**
 * The tag with a payload of its own, for whoever looks at it after the call in which it came and said `keepsNothing`. Configurations have
 * one anyway.
 */
export function keepTag(tag: MediaTag): MediaTag {
  return tag.isConfig ? tag : { ...tag, payload: new Uint8Array(tag.payload) };
}

import { isMetadata } from "../flv/script.ts";
import { decodeAmf0 } from "../rtmp/amf0/decode.ts";
import { type AmfValue, amfProperty } from "../rtmp/amf0/value.ts";

/** What an encoder says of itself in onMetaData; null where it says nothing, or nothing that can be. */
export interface Announced {
  readonly fps: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly videoKbps: number | null;
  readonly audioKbps: number | null;
}

export const NOTHING_ANNOUNCED: Announced = { fps: null, width: null, height: null, videoKbps: null, audioKbps: null };

const AMF_LIMITS = { maxAmfDepth: 8, maxAmfValues: 256 };

/** Of a script tag body; null when it is no onMetaData, or can't be read. */
export function readAnnounced(body: Uint8Array): Announced | null {
  if (!isMetadata(body)) return null;
  let values: AmfValue[];
  try {
    values = decodeAmf0(body, AMF_LIMITS);
  } catch {
    // Nobody needs it: what is measured counts, and players get it as it came.
    return null;
  }
  const number = (key: string, max: number) => {
    const value = amfProperty(values[1], key);
    return typeof value === "number" && value > 0 && value <= max ? value : null;
  };
  const [width, height] = [number("width", 16_384), number("height", 16_384)];
  const hasSize = width !== null && height !== null;
  return {
    fps: number("framerate", 1_000),
    width: hasSize ? Math.round(width) : null,
    height: hasSize ? Math.round(height) : null,
    videoKbps: number("videodatarate", 1_000_000),
    audioKbps: number("audiodatarate", 100_000),
  };
}

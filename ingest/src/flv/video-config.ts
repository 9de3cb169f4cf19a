import { readAv1Config } from "./av1-config.ts";
import { readAvcConfig } from "./avc-config.ts";
import type { Colour } from "./colour.ts";
import type { Codec } from "./fourcc.ts";
import { readHevcConfig } from "./hevc-config.ts";
import { readVideoHeader } from "./video.ts";

/** What a decoder configuration says of the picture. */
export interface VideoConfig {
  readonly width: number;
  readonly height: number;
  /** The codec's own number: profile_idc, general_profile_idc, seq_profile. */
  readonly profile: number;
  /** As it is written, such as 4.1. */
  readonly level: number;
  /** chroma_format_idc: 0 none, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chroma: number;
  readonly bitDepth: number;
  readonly isInterlaced: boolean;
  /** Null where the encoder does not say. */
  readonly colour: Colour | null;
}

/** Of a tag body that carries one; null when it can't be read, or the codec's is not known here. */
export function readVideoConfig(body: Uint8Array, codec: Codec): VideoConfig | null {
  const header = readVideoHeader(body);
  if (header === null) return null;
  const record = body.subarray(header.dataOffset);
  if (codec === "avc1") return readAvcConfig(record);
  if (codec === "hvc1") return readHevcConfig(record);
  return codec === "av01" ? readAv1Config(record) : null;
}

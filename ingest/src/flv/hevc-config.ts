/** What an HEVC decoder configuration announces: ISO/IEC 14496-15 §8.3.3.1 around ITU-T H.265 §7.3.2.2. */
import { Bits, withoutEmulation } from "./bits.ts";
import { readHevcColour } from "./hevc-colour.ts";
import type { VideoConfig } from "./video-config.ts";

const SPS = 33;
const MAX_SIDE = 16_384;

/** Of an HEVCDecoderConfigurationRecord; null when it holds no parameter set that can be read. */
export function readHevcConfig(record: Uint8Array): VideoConfig | null {
  if (record.length < 23 || record[0] !== 1) return null;
  const set = findSet(record);
  if (set === null) return null;
  const profile = record[1]! & 0x1f;
  // general_level_idc is thirty times the level.
  const level = Math.round(record[12]! / 3) / 10;
  const isInterlaced = (record[6]! & 0xc0) === 0x40;
  const found = readParameterSet(new Bits(withoutEmulation(set.subarray(2))));
  return found === null ? null : { ...found, profile, level, isInterlaced };
}

function findSet(record: Uint8Array): Uint8Array | null {
  let at = 23;
  for (let array = 0; array < record[22]!; array++) {
    if (at + 3 > record.length) return null;
    const type = record[at]! & 0x3f;
    const count = (record[at + 1]! << 8) | record[at + 2]!;
    at += 3;
    for (let n = 0; n < count; n++) {
      if (at + 2 > record.length) return null;
      const length = (record[at]! << 8) | record[at + 1]!;
      at += 2;
      if (at + length > record.length) return null;
      if (type === SPS && length > 2) return record.subarray(at, at + length);
      at += length;
    }
  }
  return null;
}

type Picture = Pick<VideoConfig, "width" | "height" | "chroma" | "bitDepth" | "colour">;

function readParameterSet(bits: Bits): Picture | null {
  bits.u(4);
  const subLayers = bits.u(3);
  bits.bit();
  skipLevels(bits, subLayers);
  bits.ue();
  const chroma = bits.ue();
  if (chroma === 3) bits.bit();
  const [columns, rows] = [bits.ue(), bits.ue()];
  const [left, right, top, bottom] = bits.bit() === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const bitDepth = 8 + bits.ue();
  const width = columns - (chroma === 1 || chroma === 2 ? 2 : 1) * (left + right);
  const height = rows - (chroma === 1 ? 2 : 1) * (top + bottom);
  const fits = width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE && chroma <= 3 && bitDepth <= 16;
  if (bits.isOver || !fits) return null;
  return { width, height, chroma, bitDepth, colour: readHevcColour(bits, subLayers) };
}

/** H.265 §7.3.3 profile_tier_level. */
function skipLevels(bits: Bits, subLayers: number): void {
  bits.skip(96);
  const present: (readonly [number, number])[] = [];
  for (let layer = 0; layer < subLayers; layer++) present.push([bits.bit(), bits.bit()]);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [profile, level] of present) bits.skip(88 * profile + 8 * level);
}

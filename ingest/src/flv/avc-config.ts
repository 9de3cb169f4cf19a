/** What an H.264 decoder configuration announces: ISO/IEC 14496-15 §5.3.3.1 around ITU-T H.264 §7.3.2.1.1. */
import { Bits, withoutEmulation } from "./bits.ts";
import { readVuiColour } from "./colour.ts";
import type { VideoConfig } from "./video-config.ts";

/** Profiles whose parameter sets say more about colour (H.264 §7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_SIDE = 16_384;
/** H.264 §7.4.2.1.1: num_ref_frames_in_pic_order_cnt_cycle. */
const MAX_CYCLE = 255;

/** Of an AVCDecoderConfigurationRecord; null when it holds no parameter set that can be read. */
export function readAvcConfig(record: Uint8Array): VideoConfig | null {
  if (record.length < 8 || record[0] !== 1 || (record[5]! & 0x1f) === 0) return null;
  const length = (record[6]! << 8) | record[7]!;
  const set = record.subarray(8, 8 + length);
  if (set.length < length || length < 5 || (set[0]! & 0x1f) !== 7) return null;
  return readParameterSet(new Bits(withoutEmulation(set.subarray(1))));
}

function readParameterSet(bits: Bits): VideoConfig | null {
  const profile = bits.u(8);
  bits.u(8); // Constraints.
  const level = bits.u(8) / 10;
  bits.ue();
  const { chroma, bitDepth } = HIGH_PROFILES.has(profile) ? readColour(bits) : { chroma: 1, bitDepth: 8 };
  bits.ue();
  skipOrder(bits);
  bits.ue();
  bits.bit();
  const columns = bits.ue() + 1;
  const rows = bits.ue() + 1;
  const framesOnly = bits.bit();
  if (framesOnly === 0) bits.bit();
  bits.bit();
  const [left, right, top, bottom] = bits.bit() === 1 ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  // H.264 §7.4.2.1.1: cropping counts in samples of chroma.
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
  const width = columns * 16 - unitX * (left + right);
  const height = (2 - framesOnly) * rows * 16 - unitY * (top + bottom);
  const isCut = bits.isOver;
  const colour = isCut ? null : readVuiColour(bits);
  const fits = width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE;
  if (isCut || !fits) return null;
  return { width, height, profile, level, chroma, bitDepth, isInterlaced: framesOnly === 0, colour };
}

function readColour(bits: Bits): { chroma: number; bitDepth: number } {
  const chroma = bits.ue();
  if (chroma === 3) bits.bit();
  const bitDepth = 8 + bits.ue();
  bits.ue();
  bits.bit();
  const lists = bits.bit() === 0 ? 0 : chroma === 3 ? 12 : 8;
  for (let list = 0; list < lists; list++) if (bits.bit() === 1) skipScaling(bits, list < 6 ? 16 : 64);
  return { chroma, bitDepth };
}

/** H.264 §7.3.2.1.1.1. */
function skipScaling(bits: Bits, size: number): void {
  let last = 8;
  let next = 8;
  for (let n = 0; n < size; n++) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    last = next === 0 ? last : next;
  }
}

function skipOrder(bits: Bits): void {
  const type = bits.ue();
  if (type === 0) bits.ue();
  if (type !== 1) return;
  bits.bit();
  bits.se();
  bits.se();
  const cycle = Math.min(bits.ue(), MAX_CYCLE);
  for (let n = 0; n < cycle; n++) bits.se();
}

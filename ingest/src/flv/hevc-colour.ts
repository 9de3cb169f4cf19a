/** What an HEVC sequence parameter set says of colours: ITU-T H.265 §7.3.2.2.1 behind bit_depth_luma_minus8, up to the VUI. */
import type { Bits } from "./bits.ts";
import { type Colour, readVuiColour } from "./colour.ts";

const MAX_SETS = 64;
const MAX_PICTURES = 16;
const MAX_LONG_TERM = 32;

/** Null where nothing is told, or what stands before can't be read. */
export function readHevcColour(bits: Bits, subLayers: number): Colour | null {
  bits.ue();
  const orderBits = bits.ue() + 4;
  const layers = bits.bit() === 1 ? subLayers + 1 : 1;
  for (let layer = 0; layer < layers; layer++) for (let n = 0; n < 3; n++) bits.ue();
  for (let n = 0; n < 6; n++) bits.ue();
  if (bits.bit() === 1 && bits.bit() === 1) skipScaling(bits);
  bits.skip(2);
  if (bits.bit() === 1) skipPcm(bits);
  if (!skipShortTerm(bits) || !skipLongTerm(bits, orderBits)) return null;
  bits.skip(2);
  return bits.isOver ? null : readVuiColour(bits);
}

function skipPcm(bits: Bits): void {
  bits.skip(8);
  bits.ue();
  bits.ue();
  bits.skip(1);
}

/** §7.3.4. */
function skipScaling(bits: Bits): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (bits.bit() === 0) bits.ue();
      else {
        if (size > 1) bits.se();
        const count = Math.min(64, 1 << (4 + 2 * size));
        for (let n = 0; n < count; n++) bits.se();
      }
    }
  }
}

/** §7.3.7: how long a set is may depend on the one before. */
function skipShortTerm(bits: Bits): boolean {
  const count = bits.ue();
  if (count > MAX_SETS) return false;
  let deltas: readonly number[] = [];
  for (let set = 0; set < count; set++) {
    const next = set > 0 && bits.bit() === 1 ? predicted(bits, deltas) : explicit(bits);
    if (next === null || bits.isOver) return false;
    deltas = next;
  }
  return true;
}

function explicit(bits: Bits): number[] | null {
  const counts = [bits.ue(), bits.ue()] as const;
  if (counts[0] + counts[1] > MAX_PICTURES) return null;
  const deltas: number[] = [];
  for (const [side, count] of counts.entries()) {
    let delta = 0;
    for (let n = 0; n < count; n++) {
      delta += (bits.ue() + 1) * (side === 0 ? -1 : 1);
      deltas.push(delta);
      bits.skip(1);
    }
  }
  return deltas;
}

/** §7.4.8 (7-61), (7-62): those that are kept of the set before, moved, and that set's own picture; the nearest first, on either side. */
function predicted(bits: Bits, before: readonly number[]): number[] | null {
  const isNegative = bits.bit() === 1;
  const step = (bits.ue() + 1) * (isNegative ? -1 : 1);
  const kept: number[] = [];
  for (const delta of [...before, 0]) {
    const isUsed = bits.bit() === 1;
    const isKept = isUsed || bits.bit() === 1;
    if (isKept && delta + step !== 0) kept.push(delta + step);
  }
  if (kept.length > MAX_PICTURES) return null;
  const past = kept.filter((delta) => delta < 0).sort((a, b) => b - a);
  return [...past, ...kept.filter((delta) => delta > 0).sort((a, b) => a - b)];
}

function skipLongTerm(bits: Bits, orderBits: number): boolean {
  if (bits.bit() === 0) return true;
  const count = bits.ue();
  if (count > MAX_LONG_TERM || orderBits > 16) return false;
  bits.skip(count * (orderBits + 1));
  return true;
}

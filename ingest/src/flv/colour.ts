/** What colours the numbers of a picture are: ITU-T H.273 (CICP), which H.264, H.265, AV1, VP9, MP4 and E-RTMP share. */
import type { Bits } from "./bits.ts";

export interface Colour {
  /** H.273 §8.1: 1 BT.709, 9 BT.2020. */
  readonly primaries: number;
  /** H.273 §8.2: 1 BT.709, 16 PQ, 18 HLG. */
  readonly transfer: number;
  /** H.273 §8.3: 1 BT.709, 9 BT.2020. */
  readonly matrix: number;
  readonly isFullRange: boolean;
}

/** H.273: nobody knows, or it is said elsewhere. */
export const UNSPECIFIED = 2;
/** H.273 §8.2: what high dynamic range comes in. */
export const TRANSFER = { pq: 16, hlg: 18 } as const;

/** Null where nothing is told. */
export function makeColour(primaries: number, transfer: number, matrix: number, isFullRange: boolean): Colour | null {
  const isTold = [primaries, transfer, matrix].some((value) => value !== UNSPECIFIED);
  return isTold ? { primaries, transfer, matrix, isFullRange } : null;
}

const EXTENDED_ASPECT_RATIO = 255;

/** The beginning of vui_parameters(), which is the same in H.264 §E.1.1 and H.265 §E.2.1; from vui_parameters_present_flag on. */
export function readVuiColour(bits: Bits): Colour | null {
  if (bits.bit() === 0) return null;
  if (bits.bit() === 1 && bits.u(8) === EXTENDED_ASPECT_RATIO) bits.skip(32);
  if (bits.bit() === 1) bits.skip(1);
  if (bits.bit() === 0) return null;
  bits.skip(3);
  const isFullRange = bits.bit() === 1;
  if (bits.bit() === 0) return null;
  const colour = makeColour(bits.u(8), bits.u(8), bits.u(8), isFullRange);
  return bits.isOver ? null : colour;
}

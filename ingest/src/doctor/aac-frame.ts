import { readAudioHeader } from "../flv/audio.ts";
import { Bits } from "../flv/bits.ts";

/** ISO/IEC 14496-3 table 1.18. */
const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const ESCAPED_TYPE = 31;
const ESCAPED_RATE = 15;

/**
 * How long an AAC frame lasts, in milliseconds, by the AudioSpecificConfig in a tag body (ISO/IEC 14496-3 §1.6.2.1). With SBR the first rate is the core's, and
 * a frame has 1024 of the core's samples, so the length is the same sum.
 */
export function aacFrameMs(body: Uint8Array): number | null {
  const header = readAudioHeader(body);
  if (header === null) return null;
  const bits = new Bits(body.subarray(header.dataOffset));
  if (bits.u(5) === ESCAPED_TYPE) bits.u(6);
  const index = bits.u(4);
  const rate = index === ESCAPED_RATE ? bits.u(24) : (RATES[index] ?? 0);
  if (bits.isOver || rate < 4_000 || rate > 400_000) return null;
  return 1_024_000 / rate;
}

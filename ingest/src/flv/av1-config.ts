/** What an AV1 decoder configuration announces: AV1-ISOBMFF §2.3.3 around the AV1 specification §5.5.1. */
import { Bits } from "./bits.ts";
import { type Colour, makeColour } from "./colour.ts";
import type { VideoConfig } from "./video-config.ts";

const SEQUENCE_HEADER = 1;
/** H.273 §8.2: with BT.709's primaries and no matrix it is RGB, whose range is full. */
const SRGB = 13;

/** Of an AV1CodecConfigurationRecord; null when it holds no sequence header that can be read. */
export function readAv1Config(record: Uint8Array): VideoConfig | null {
  if (record.length < 6 || record[0] !== 0x81) return null;
  const header = record[4]!;
  if (((header >> 3) & 0x0f) !== SEQUENCE_HEADER) return null;
  // AV1 §4.10.5: a size in groups of seven bits; of a header one byte, or two.
  const isSized = (header & 2) !== 0;
  let at = 5 + ((header >> 2) & 1);
  if (isSized) while (at < record.length && at < 12 && (record[at++]! & 0x80) !== 0);
  const bits = new Bits(record.subarray(at));
  const size = readSize(bits);
  if (size === null) return null;
  const index = record[1]! & 0x1f;
  const flags = record[2]!;
  const isMonochrome = (flags & 0x10) !== 0;
  const profile = record[1]! >> 5;
  const { width, height } = size;
  return {
    width,
    height,
    profile,
    level: 2 + (index >> 2) + (index & 3) / 10,
    chroma: isMonochrome ? 0 : (flags & 0x08) === 0 ? 3 : (flags & 0x04) === 0 ? 2 : 1,
    bitDepth: (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12,
    isInterlaced: false,
    colour: readColour(bits, profile, size.isReduced),
  };
}

/** §5.5.1 up to max_frame_height_minus_1. Encoders that tell timing or operating points at length are rare: they are not read. */
function readSize(bits: Bits): { width: number; height: number; isReduced: boolean } | null {
  bits.u(3);
  bits.bit();
  const isReduced = bits.bit() === 1;
  if (!isReduced) {
    const hasTiming = bits.bit() === 1;
    if (hasTiming) {
      bits.skip(64);
      if (bits.bit() === 1) bits.ue();
      if (bits.bit() === 1) return null;
    }
    const hasDelay = bits.bit() === 1;
    const points = bits.u(5) + 1;
    for (let point = 0; point < points; point++) {
      bits.u(12);
      if (bits.u(5) > 7) bits.bit();
      if (hasDelay && bits.bit() === 1) bits.u(4);
    }
  } else bits.u(5);
  const [widthBits, heightBits] = [bits.u(4) + 1, bits.u(4) + 1];
  const [width, height] = [bits.u(widthBits) + 1, bits.u(heightBits) + 1];
  return bits.isOver || width > 16_384 || height > 16_384 ? null : { width, height, isReduced };
}

/** §5.5.1 from frame_id_numbers_present_flag on, up to color_range of §5.5.2. */
function readColour(bits: Bits, profile: number, isReduced: boolean): Colour | null {
  if (!isReduced && bits.bit() === 1) bits.skip(7);
  bits.skip(3);
  if (!isReduced) skipTools(bits);
  bits.skip(3);
  const isHigh = bits.bit() === 1;
  if (profile === 2 && isHigh) bits.skip(1);
  const isMonochrome = profile !== 1 && bits.bit() === 1;
  if (bits.bit() === 0) return null;
  const [primaries, transfer, matrix] = [bits.u(8), bits.u(8), bits.u(8)];
  const isRgb = !isMonochrome && primaries === 1 && transfer === SRGB && matrix === 0;
  const isFullRange = isRgb || bits.bit() === 1;
  return bits.isOver ? null : makeColour(primaries, transfer, matrix, isFullRange);
}

/** From enable_interintra_compound to order_hint_bits_minus_1. */
function skipTools(bits: Bits): void {
  bits.skip(4);
  const hasOrder = bits.bit() === 1;
  if (hasOrder) bits.skip(2);
  // Chosen for each frame, or forced for all.
  const isForced = bits.bit() === 1 || bits.bit() === 1;
  if (isForced && bits.bit() === 0) bits.skip(1);
  if (hasOrder) bits.skip(3);
}

/** What an AV1 decoder configuration announces: AV1-ISOBMFF §2.3.3 around the AV1 specification §5.5.1. */
import { Bits } from "./bits.ts";
import type { VideoConfig } from "./video-config.ts";

const SEQUENCE_HEADER = 1;

/** Of an AV1CodecConfigurationRecord; null when it holds no sequence header that can be read. */
export function readAv1Config(record: Uint8Array): VideoConfig | null {
  if (record.length < 6 || record[0] !== 0x81) return null;
  const header = record[4]!;
  if (((header >> 3) & 0x0f) !== SEQUENCE_HEADER) return null;
  // AV1 §4.10.5: a size in groups of seven bits; of a header one byte, or two.
  const isSized = (header & 2) !== 0;
  let at = 5 + ((header >> 2) & 1);
  if (isSized) while (at < record.length && at < 12 && (record[at++]! & 0x80) !== 0);
  const size = readSize(new Bits(record.subarray(at)));
  if (size === null) return null;
  const index = record[1]! & 0x1f;
  const flags = record[2]!;
  const isMonochrome = (flags & 0x10) !== 0;
  return {
    ...size,
    profile: record[1]! >> 5,
    level: 2 + (index >> 2) + (index & 3) / 10,
    chroma: isMonochrome ? 0 : (flags & 0x08) === 0 ? 3 : (flags & 0x04) === 0 ? 2 : 1,
    bitDepth: (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12,
    isInterlaced: false,
  };
}

/** §5.5.1 up to max_frame_height_minus_1. Encoders that tell timing or operating points at length are rare: they are not read. */
function readSize(bits: Bits): { width: number; height: number } | null {
  bits.u(3);
  bits.bit();
  if (bits.bit() === 0) {
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
  return bits.isOver || width > 16_384 || height > 16_384 ? null : { width, height };
}

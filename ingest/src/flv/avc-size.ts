/** The picture size that an H.264 decoder configuration announces: ISO/IEC 14496-15 §5.3.3.1 around ITU-T H.264 §7.3.2.1.1. */

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Profiles whose parameter sets say more about colour (H.264 §7.3.2.1.1). */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_SIDE = 16_384;
/** H.264 §7.4.2.1.1: num_ref_frames_in_pic_order_cnt_cycle. */
const MAX_CYCLE = 255;

/** Of an AVCDecoderConfigurationRecord; null when it holds no parameter set that can be read. */
export function avcPictureSize(record: Uint8Array): PictureSize | null {
  if (record.length < 8 || record[0] !== 1 || (record[5]! & 0x1f) === 0) return null;
  const length = (record[6]! << 8) | record[7]!;
  const set = record.subarray(8, 8 + length);
  if (set.length < length || length < 5 || (set[0]! & 0x1f) !== 7) return null;
  return readParameterSet(new Bits(withoutEmulation(set.subarray(1))));
}

/** H.264 §7.3.1: a 3 after two zero bytes is not part of the text. */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

/** Most significant bit first. Past the end everything is zero, and `isOver` says so. */
class Bits {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isOver(): boolean {
    return this.at > this.bytes.length * 8;
  }

  bit(): number {
    const byte = this.bytes[this.at >> 3] ?? 0;
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  u(count: number): number {
    let value = 0;
    for (let n = 0; n < count; n++) value = value * 2 + this.bit();
    return value;
  }

  /** H.264 §9.1. */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0 && zeros < 32 && !this.isOver) zeros++;
    return 2 ** zeros - 1 + this.u(zeros);
  }

  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}

function readParameterSet(bits: Bits): PictureSize | null {
  const profile = bits.u(8);
  bits.u(16); // Constraints and level.
  bits.ue();
  const chroma = HIGH_PROFILES.has(profile) ? skipColour(bits) : 1;
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
  const fits = width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE;
  return bits.isOver || !fits ? null : { width, height };
}

/** Returns chroma_format_idc. */
function skipColour(bits: Bits): number {
  const chroma = bits.ue();
  if (chroma === 3) bits.bit();
  bits.ue();
  bits.ue();
  bits.bit();
  const lists = bits.bit() === 0 ? 0 : chroma === 3 ? 12 : 8;
  for (let list = 0; list < lists; list++) if (bits.bit() === 1) skipScaling(bits, list < 6 ? 16 : 64);
  return chroma;
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

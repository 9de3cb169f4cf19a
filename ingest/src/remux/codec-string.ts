/** Names what a sample entry holds, as RFC 6381 and the codecs' own mapping documents spell it. */
import { WireError } from "../bytes/wire-error.ts";
import { type BoxAt, boxesIn, findBox } from "./box-reader.ts";

const VISUAL_FIELDS = 78;
const AUDIO_FIELDS = 28;

const hex = (value: number): string => value.toString(16).padStart(2, "0");
const decimal = (value: number): string => String(value).padStart(2, "0");

interface Entry {
  readonly view: DataView;
  readonly box: BoxAt;
}

function openEntry(sampleEntry: Uint8Array): Entry {
  const view = new DataView(sampleEntry.buffer, sampleEntry.byteOffset, sampleEntry.byteLength);
  const box = boxesIn(view, 0, sampleEntry.length).next().value;
  if (box === undefined) throw new WireError("fmp4.malformed", "an empty sample entry");
  return { view, box };
}

function configBody({ view, box }: Entry, fields: number, type: string): number {
  const found = findBox(view, box.body + fields, box.end, type);
  if (found === null) throw new WireError("fmp4.malformed", `no ${type} in ${box.type}`);
  return found.body;
}

/** avc1.64001f, hvc1.1.6.L93.B0, av01.0.04M.08, vp09.00.31.08. */
export function videoCodec(sampleEntry: Uint8Array): string {
  const entry = openEntry(sampleEntry);
  const { view, box } = entry;
  switch (box.type) {
    case "avc1":
    case "avc3": {
      // RFC 6381 §3.3: profile_idc, constraint flags, level_idc of the avcC.
      const at = configBody(entry, VISUAL_FIELDS, "avcC");
      return `${box.type}.${hex(view.getUint8(at + 1))}${hex(view.getUint8(at + 2))}${hex(view.getUint8(at + 3))}`;
    }
    case "hvc1":
    case "hev1":
      return `${box.type}.${hevcProfile(view, configBody(entry, VISUAL_FIELDS, "hvcC"))}`;
    case "av01": {
      // AV1 in ISOBMFF §5: profile, level and tier, bit depth.
      const at = configBody(entry, VISUAL_FIELDS, "av1C");
      const profile = view.getUint8(at + 1);
      const flags = view.getUint8(at + 2);
      const depth = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
      return `av01.${profile >> 5}.${decimal(profile & 0x1f)}${flags & 0x80 ? "H" : "M"}.${decimal(depth)}`;
    }
    case "vp09": {
      // VP9 in ISOBMFF: profile, level, bit depth of the vpcC (a FullBox).
      const at = configBody(entry, VISUAL_FIELDS, "vpcC") + 4;
      const depth = view.getUint8(at + 2) >> 4;
      return `vp09.${decimal(view.getUint8(at))}.${decimal(view.getUint8(at + 1))}.${decimal(depth)}`;
    }
    default:
      return box.type;
  }
}

/** ISO/IEC 14496-15 §E.3: profile space and idc, compatibility flags in reverse bit order, tier and level, constraint bytes. */
function hevcProfile(view: DataView, at: number): string {
  const first = view.getUint8(at + 1);
  const space = ["", "A", "B", "C"][first >> 6]!;
  let compatibility = 0;
  const flags = view.getUint32(at + 2);
  for (let bit = 0; bit < 32; bit++) if (flags & (1 << bit)) compatibility += 2 ** (31 - bit);
  const constraints: string[] = [];
  for (let index = 0; index < 6; index++) constraints.push(view.getUint8(at + 6 + index).toString(16));
  while (constraints.at(-1) === "0") constraints.pop();
  const tier = first & 0x20 ? "H" : "L";
  const level = `${tier}${view.getUint8(at + 12)}`;
  return [`${space}${first & 0x1f}`, compatibility.toString(16), level, ...constraints].join(".").toUpperCase();
}

export interface AudioCodec {
  readonly codecs: string;
  readonly frameTicks: number | null;
  readonly channels: number;
  readonly sampleRate: number;
}

/** mp4a.40.2, mp4a.40.34 (MP3), opus, flac, ac-3, ec-3, with what their configuration says of the sound. */
export function audioCodec(sampleEntry: Uint8Array, timescale: number): AudioCodec {
  const entry = openEntry(sampleEntry);
  const { view, box } = entry;
  const channels = view.getUint16(box.body + 16);
  // The 16.16 field can't hold rates above 65535 (96 kHz): the timescale says those.
  const sampleRate = view.getUint16(box.body + 24) || timescale;
  const plain = { frameTicks: null, channels, sampleRate };
  switch (box.type) {
    case "mp4a":
      return mpeg4Audio(view, configBody(entry, AUDIO_FIELDS, "esds"), plain, timescale);
    case "Opus":
      return { ...plain, codecs: "opus" };
    case "fLaC":
      return { ...plain, codecs: "flac" };
    case "ac-3":
      return { ...plain, codecs: "ac-3", frameTicks: inTicks(1536, sampleRate, timescale) };
    default:
      return { ...plain, codecs: box.type };
  }
}

function inTicks(samples: number, rate: number, timescale: number): number | null {
  const value = (samples * timescale) / rate;
  return Number.isInteger(value) ? value : null;
}

const SAMPLE_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];

/** ISO/IEC 14496-1 §7.2.6: ES_Descriptor > DecoderConfigDescriptor > DecoderSpecificInfo. */
function mpeg4Audio(view: DataView, esds: number, plain: Omit<AudioCodec, "codecs">, timescale: number): AudioCodec {
  let at = esds + 4;
  const descriptor = (tag: number): number => {
    if (view.getUint8(at++) !== tag) throw new WireError("fmp4.malformed", `no descriptor ${tag} in esds`);
    let size = 0;
    let byte: number;
    do {
      byte = view.getUint8(at++);
      size = ((size << 7) | (byte & 0x7f)) & 0xfffffff;
    } while (byte & 0x80);
    return size;
  };
  descriptor(3);
  const flags = view.getUint8(at + 2);
  at += 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0);
  if (flags & 0x40) at += 1 + view.getUint8(at);
  descriptor(4);
  const objectType = view.getUint8(at);
  at += 13;
  if (objectType === 0x6b || objectType === 0x69) {
    // MPEG-1 Layer III has 1152 samples in a frame, the half-rate kind of MPEG-2 576 (ISO/IEC 13818-3 §2.4.2.1).
    const samples = plain.sampleRate >= 32000 ? 1152 : 576;
    return { ...plain, codecs: "mp4a.40.34", frameTicks: inTicks(samples, plain.sampleRate, timescale) };
  }
  if (objectType !== 0x40) return { ...plain, codecs: `mp4a.${hex(objectType)}` };
  const size = descriptor(5);
  return { ...plain, ...audioSpecificConfig(view, at, size, timescale) };
}

/** AudioSpecificConfig, ISO/IEC 14496-3 §1.6.2.1. The sample entry's own channel count is often a plain 2. */
function audioSpecificConfig(
  view: DataView,
  start: number,
  size: number,
  timescale: number,
): Partial<AudioCodec> & { codecs: string } {
  let position = start * 8;
  const end = (start + size) * 8;
  const bits = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index++, position++) {
      if (position >= end) return 0;
      value = (value << 1) | ((view.getUint8(position >> 3) >> (7 - (position & 7))) & 1);
    }
    return value;
  };
  const objectType = (): number => {
    const type = bits(5);
    return type === 31 ? 32 + bits(6) : type;
  };
  const rate = (): number => {
    const index = bits(4);
    return index === 15 ? bits(24) : (SAMPLE_RATES[index] ?? 0);
  };
  const type = objectType();
  let sampleRate = rate();
  const channels = CHANNELS[bits(4)] || undefined;
  let core = type;
  let samples = 1024;
  if (type === 5 || type === 29) {
    // Explicit SBR: the frame has twice the samples at the extension rate.
    const coreRate = sampleRate;
    sampleRate = rate() || coreRate;
    core = objectType();
    samples = (1024 * sampleRate) / (coreRate || sampleRate);
  }
  // GASpecificConfig.frameLengthFlag.
  if ((core === 1 || core === 2 || core === 4) && bits(1) === 1) samples = (samples / 1024) * 960;
  return {
    codecs: `mp4a.40.${type}`,
    frameTicks: sampleRate === 0 ? null : inTicks(samples, sampleRate, timescale),
    ...(channels === undefined ? {} : { channels }),
    ...(sampleRate === 0 ? {} : { sampleRate }),
  };
}

/** Audio sample entries from what FLV carries of each codec, ISO/IEC 14496-12 §12.2.3. */
import { WireError } from "../../bytes/wire-error.ts";
import { Bits } from "../../flv/bits.ts";
import type { Codec } from "../../flv/fourcc.ts";
import { box, fullBox, u16, u32, zeros } from "../../packager/box.ts";
import type { AudioTrack } from "../../packager/track.ts";
import { audioCodec } from "../codec-string.ts";
import { esds } from "./descriptor.ts";

const AAC = 0x40;
const MPEG1_LAYER_3 = 0x6b;
const OPUS_RATE = 48_000;
/** The entry's rate is a 16.16 number. */
const MAX_ENTRY_RATE = 0xffff;

/** `head`: the decoder configuration, or the first frame where the codec has none. Throws WireError where it makes no sense. */
export function audioTrack(codec: Codec, head: Uint8Array): AudioTrack {
  const { type, channels, rate, config } = describe(codec, head);
  const entryRate = rate > MAX_ENTRY_RATE ? 0 : rate;
  const sampleEntry = box(type, zeros(6), u16(1), zeros(8), u16(channels, 16, 0, 0), u32(entryRate * 0x10000), config);
  const known = audioCodec(sampleEntry, rate);
  // AAC's own words about itself may correct the entry: then its time is counted at its own rate.
  const { sampleRate } = known;
  const timescale = sampleRate;
  return {
    kind: "audio",
    timescale,
    sampleEntry,
    ...(sampleRate === rate ? known : audioCodec(sampleEntry, sampleRate)),
  };
}

interface Description {
  readonly type: string;
  readonly channels: number;
  readonly rate: number;
  readonly config: Uint8Array;
}

function describe(codec: Codec, head: Uint8Array): Description {
  switch (codec) {
    case "mp4a":
      return aac(head);
    case ".mp3":
      return mp3(head);
    case "Opus":
      return opus(head);
    case "fLaC":
      return flac(head);
    case "ac-3":
      return ac3(head);
    case "ec-3":
      return eac3(head);
    default:
      throw new WireError("fmp4.malformed", `no sample entry is known for ${codec}`);
  }
}

const bad = (what: string): never => {
  throw new WireError("fmp4.malformed", what);
};

const AAC_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

function aac(config: Uint8Array): Description {
  if (config.length < 2 || config.length > 64) return bad("an AudioSpecificConfig of impossible length");
  const index = ((config[0]! & 7) << 1) | (config[1]! >> 7);
  const channels = (config[1]! >> 3) & 15;
  return {
    type: "mp4a",
    channels: channels === 0 ? 2 : channels === 7 ? 8 : channels,
    rate: AAC_RATES[index] ?? 48_000,
    config: esds(AAC, config),
  };
}

const MP3_RATES = [44100, 48000, 32000];

/** ISO/IEC 11172-3 §2.4.1.3: the header of a frame. */
function mp3(frame: Uint8Array): Description {
  if (frame.length < 4 || frame[0] !== 0xff || (frame[1]! & 0xe0) !== 0xe0) return bad("no MPEG audio frame");
  const version = (frame[1]! >> 3) & 3;
  const rate = MP3_RATES[(frame[2]! >> 2) & 3] ?? bad("an MPEG audio frame of reserved rate");
  const divisor = version === 3 ? 1 : version === 2 ? 2 : 4;
  return {
    type: "mp4a",
    channels: frame[3]! >> 6 === 3 ? 1 : 2,
    rate: rate / divisor,
    config: esds(MPEG1_LAYER_3, null),
  };
}

const OPUS_HEAD = 19;

/** Encapsulation of Opus in ISOBMFF §4.3.2 from the ID header of RFC 7845 §5.1, whose numbers are little-endian. */
function opus(head: Uint8Array): Description {
  if (head.length < OPUS_HEAD || String.fromCharCode(...head.subarray(0, 8)) !== "OpusHead") return bad("no OpusHead");
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const channels = head[9]!;
  const family = head[18]!;
  const config = box(
    "dOps",
    Uint8Array.of(0, channels),
    u16(view.getUint16(10, true)),
    u32(view.getUint32(12, true)),
    u16(view.getUint16(16, true)),
    Uint8Array.of(family),
    family === 0 ? zeros(0) : head.subarray(OPUS_HEAD),
  );
  return { type: "Opus", channels, rate: OPUS_RATE, config };
}

const STREAMINFO = 34;

/** Encapsulation of FLAC in ISOBMFF §3.3.2: STREAMINFO alone (RFC 9639 §8.2), with or without what stands before it in a file. */
function flac(head: Uint8Array): Description {
  const isFile = String.fromCharCode(...head.subarray(0, 4)) === "fLaC";
  const blocks = isFile ? head.subarray(4) : head;
  const info = blocks.length === STREAMINFO ? blocks : blocks.subarray(4, 4 + STREAMINFO);
  if (info.length < STREAMINFO) return bad("a FLAC configuration without STREAMINFO");
  const bits = new Bits(info);
  bits.skip(80);
  const rate = bits.u(20);
  const channels = bits.u(3) + 1;
  if (rate === 0) return bad("a FLAC stream without a rate");
  // 0x80: the last metadata block.
  return { type: "fLaC", channels, rate, config: fullBox("dfLa", 0, 0, u32(0x80000000 + STREAMINFO), info) };
}

const AC3_RATES = [48000, 44100, 32000];
/** ETSI TS 102 366 §4.4.2.3: full-bandwidth channels by acmod. */
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];

/** ETSI TS 102 366 §4.3 and §F.4. */
function ac3(frame: Uint8Array): Description {
  const bits = new Bits(frame.subarray(0, 16));
  if (bits.u(16) !== 0x0b77) return bad("no AC-3 frame");
  bits.skip(16);
  const fscod = bits.u(2);
  const sizeCode = bits.u(6);
  const bsid = bits.u(5);
  const bsmod = bits.u(3);
  const acmod = bits.u(3);
  if ((acmod & 1) === 1 && acmod !== 1) bits.skip(2);
  if ((acmod & 4) === 4) bits.skip(2);
  if (acmod === 2) bits.skip(2);
  const lfe = bits.bit();
  const rate = AC3_RATES[fscod] ?? bad("an AC-3 frame of reserved rate");
  const packed = (fscod << 22) | (bsid << 17) | (bsmod << 14) | (acmod << 11) | (lfe << 10) | ((sizeCode >> 1) << 5);
  const config = box("dac3", Uint8Array.of(packed >> 16, packed >> 8, packed));
  return { type: "ac-3", channels: AC3_CHANNELS[acmod]! + lfe, rate, config };
}

const BLOCKS = [1, 2, 3, 6];

/** ETSI TS 102 366 §E.1.2.2 and §F.6: one independent substream. */
function eac3(frame: Uint8Array): Description {
  const bits = new Bits(frame.subarray(0, 16));
  if (bits.u(16) !== 0x0b77) return bad("no E-AC-3 frame");
  bits.skip(5);
  const words = bits.u(11) + 1;
  const fscod = bits.u(2);
  const half = fscod === 3 ? bits.u(2) : null;
  const blocks = half === null ? BLOCKS[bits.u(2)]! : 6;
  const acmod = bits.u(3);
  const lfe = bits.bit();
  const bsid = bits.u(5);
  const rate = half === null ? AC3_RATES[fscod]! : (AC3_RATES[half] ?? bad("an E-AC-3 frame of reserved rate")) / 2;
  const kilobits = Math.round((words * 16 * rate) / (blocks * 256 * 1000));
  // data_rate(13) num_ind_sub(3) | fscod(2) bsid(5) reserved asvc bsmod(3) acmod(3) lfeon reserved(3) num_dep_sub(4) reserved.
  const head = (kilobits << 3) & 0xffff;
  const tail = (fscod << 22) | (bsid << 17) | (acmod << 9) | (lfe << 8);
  const config = box("dec3", u16(head), Uint8Array.of(tail >> 16, tail >> 8, tail));
  return { type: "ec-3", channels: AC3_CHANNELS[acmod]! + lfe, rate, config };
}

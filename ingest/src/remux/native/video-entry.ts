/** Visual sample entries from the decoder configurations of FLV, ISO/IEC 14496-12 §12.1.3. */
import { WireError } from "../../bytes/wire-error.ts";
import { Bits } from "../../flv/bits.ts";
import { type Colour, makeColour } from "../../flv/colour.ts";
import type { Codec } from "../../flv/fourcc.ts";
import { box, fullBox, u16, u32, zeros } from "../../packager/box.ts";
import type { VideoTrack } from "../../packager/track.ts";
import { videoCodec } from "../codec-string.ts";

/** FLV's milliseconds are exact in it. */
export const VIDEO_TIMESCALE = 90_000;
const DOTS_PER_INCH_72 = 0x480000;

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** `config`: the record as FLV carries it. Throws WireError where it is none. */
export function videoTrack(codec: Codec, config: Uint8Array, size: PictureSize): VideoTrack {
  const sampleEntry = visualEntry(codec, size, configBox(codec, config));
  return { kind: "video", timescale: VIDEO_TIMESCALE, sampleEntry, codecs: videoCodec(sampleEntry), ...size };
}

function visualEntry(type: string, { width, height }: PictureSize, config: Uint8Array): Uint8Array {
  return box(
    type,
    zeros(6),
    u16(1),
    zeros(16),
    u16(width, height),
    u32(DOTS_PER_INCH_72, DOTS_PER_INCH_72, 0),
    u16(1),
    zeros(32),
    u16(0x18, 0xffff),
    config,
  );
}

function configBox(codec: Codec, config: Uint8Array): Uint8Array {
  switch (codec) {
    case "avc1":
      return box("avcC", config);
    case "hvc1":
      return box("hvcC", config);
    case "av01":
      return box("av1C", config);
    case "vp09":
      return vpcC(config);
    default:
      throw new WireError("fmp4.malformed", `no sample entry is known for ${codec}`);
  }
}

/** VP Codec ISO Media File Format Binding §"VP Codec Configuration Box": some publishers send the FullBox's version and flags, others do not. */
function vpcC(config: Uint8Array): Uint8Array {
  return fullBox("vpcC", 1, 0, vp9Record(config));
}

function vp9Record(config: Uint8Array): Uint8Array {
  const hasVersion = config.length >= 12 && config[0] === 1 && config[1] === 0 && config[2] === 0 && config[3] === 0;
  const record = hasVersion ? config.subarray(4) : config;
  if (record.length < 8) throw new WireError("fmp4.malformed", "a VP9 configuration of less than 8 bytes");
  return record;
}

/** The record's third byte has bit depth, chroma and range; the next three are of H.273. */
export function vp9Colour(config: Uint8Array): Colour | null {
  const record = vp9Record(config);
  return makeColour(record[3]!, record[4]!, record[5]!, (record[2]! & 1) === 1);
}

const SYNC_CODE = 0x498342;
const RGB = 7;

/** The size in a VP9 key frame's uncompressed header (VP9 §6.2); its configuration does not tell. Null when it is no key frame. */
export function vp9Size(frame: Uint8Array): PictureSize | null {
  const bits = new Bits(frame.subarray(0, 32));
  if (bits.u(2) !== 2) return null;
  const profile = bits.bit() + 2 * bits.bit();
  if (profile === 3) bits.skip(1);
  const isExisting = bits.bit() === 1;
  const isKey = bits.bit() === 0;
  bits.skip(2);
  if (isExisting || !isKey || bits.u(24) !== SYNC_CODE) return null;
  if (profile >= 2) bits.skip(1);
  const colour = bits.u(3);
  if (colour !== RGB) bits.skip(profile === 1 || profile === 3 ? 4 : 1);
  else if (profile === 1 || profile === 3) bits.skip(1);
  return { width: bits.u(16) + 1, height: bits.u(16) + 1 };
}

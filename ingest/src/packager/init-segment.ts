/** The CMAF header of one track: ftyp and moov without samples (ISO/IEC 23000-19 §7.3.1, ISO/IEC 14496-12 §8). */
import { ascii, box, fullBox, u16, u32, zeros } from "./box.ts";
import type { Track } from "./track.ts";

/** Files hold one track each; the id says which kind for those who put them together. */
export const TRACK_ID = { video: 1, audio: 2 } as const;

/** `timescale`: of the chunks that follow, which need not be the one that the samples came in. */
export function initSegment(track: Track, timescale: number): Uint8Array {
  const head = ftyp(track);
  const body = moov(track, timescale);
  const out = new Uint8Array(head.length + body.length);
  out.set(head);
  out.set(body, head.length);
  return out;
}

function ftyp(track: Track): Uint8Array {
  // `cmf2`: composition offsets are signed, so that a segment begins with its first presentation (CMAF §7.7.2).
  const brands = track.kind === "video" ? ["iso6", "cmfc", "cmf2", "dash", "mp41"] : ["iso6", "cmfc", "dash", "mp41"];
  return box("ftyp", ascii("iso6"), u32(0), ...brands.map(ascii));
}

function moov(track: Track, timescale: number): Uint8Array {
  return box("moov", mvhd(timescale), trak(track, timescale), mvex(track));
}

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

function mvhd(timescale: number): Uint8Array {
  // Times 0, duration 0 (it is in the fragments), rate 1.0, volume 1.0, reserved, matrix, pre_defined, next_track_ID.
  return fullBox("mvhd", 0, 0, u32(0, 0, timescale, 0, 0x10000), u16(0x100), zeros(10), MATRIX, zeros(24), u32(3));
}

function trak(track: Track, timescale: number): Uint8Array {
  return box("trak", tkhd(track), mdia(track, timescale));
}

function tkhd(track: Track): Uint8Array {
  const [width, height] = track.kind === "video" ? [track.width, track.height] : [0, 0];
  return fullBox(
    "tkhd",
    0,
    3, // track_enabled, track_in_movie
    u32(0, 0, TRACK_ID[track.kind], 0, 0),
    zeros(8),
    u16(0, 0, track.kind === "audio" ? 0x100 : 0, 0),
    MATRIX,
    u32(width * 0x10000, height * 0x10000),
  );
}

function mdia(track: Track, timescale: number): Uint8Array {
  return box("mdia", mdhd(timescale), hdlr(track), minf(track));
}

function mdhd(timescale: number): Uint8Array {
  return fullBox("mdhd", 0, 0, u32(0, 0, timescale, 0), u16(0x55c4 /* "und" */, 0));
}

function hdlr({ kind }: Track): Uint8Array {
  return fullBox(
    "hdlr",
    0,
    0,
    u32(0),
    ascii(kind === "video" ? "vide" : "soun"),
    zeros(12),
    ascii(kind === "video" ? "Video\0" : "Audio\0"),
  );
}

function minf(track: Track): Uint8Array {
  return box("minf", track.kind === "video" ? vmhd() : smhd(), dinf(), stbl(track));
}

const vmhd = (): Uint8Array => fullBox("vmhd", 0, 1, zeros(8));
const smhd = (): Uint8Array => fullBox("smhd", 0, 0, zeros(4));
const dinf = (): Uint8Array => box("dinf", fullBox("dref", 0, 0, u32(1), fullBox("url ", 0, 1)));

/** §8.5: the sample entry, and tables that are empty because all samples are in fragments. */
function stbl({ sampleEntry }: Track): Uint8Array {
  return box(
    "stbl",
    fullBox("stsd", 0, 0, u32(1), sampleEntry),
    fullBox("stts", 0, 0, u32(0)),
    fullBox("stsc", 0, 0, u32(0)),
    fullBox("stsz", 0, 0, u32(0, 0)),
    fullBox("stco", 0, 0, u32(0)),
  );
}

function mvex({ kind }: Track): Uint8Array {
  return box("mvex", fullBox("trex", 0, 0, u32(TRACK_ID[kind], 1, 0, 0, 0)));
}

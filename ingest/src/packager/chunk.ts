/** A CMAF chunk: one moof and its mdat (ISO/IEC 23000-19 §7.3.2.3, ISO/IEC 14496-12 §8.8). */
import { fourCc } from "./box.ts";
import type { Frame } from "./frame.ts";

const MFHD = 16;
const TFHD = 16;
const TFDT = 20;
const TRUN = 20;
const PER_SAMPLE = 16;
const HEADER = 8;

const TYPE = {
  moof: fourCc("moof"),
  mfhd: fourCc("mfhd"),
  traf: fourCc("traf"),
  tfhd: fourCc("tfhd"),
  tfdt: fourCc("tfdt"),
  trun: fourCc("trun"),
  mdat: fourCc("mdat"),
} as const;

/** sample_depends_on 2 (nobody else): a sync sample. 1 and sample_is_non_sync_sample: any other. §8.8.3.1. */
const SYNC_FLAGS = 0x02000000;
const NON_SYNC_FLAGS = 0x01010000;

export function chunkSize(frames: readonly Frame[]): number {
  let size = HEADER + MFHD + HEADER + TFHD + TFDT + TRUN + PER_SAMPLE * frames.length + HEADER;
  for (const { data } of frames) size += data.length;
  return size;
}

/** Writes consecutive frames of one track to `out` at `start`. `sequence` counts the track's chunks (mfhd). */
export function writeChunk(
  out: Uint8Array,
  start: number,
  trackId: number,
  sequence: number,
  frames: readonly Frame[],
): void {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const trun = TRUN + PER_SAMPLE * frames.length;
  const traf = HEADER + TFHD + TFDT + trun;
  const moof = HEADER + MFHD + traf;
  let at = start;
  const u32 = (value: number): void => {
    view.setUint32(at, value);
    at += 4;
  };
  const begin = (size: number, type: number): void => {
    u32(size);
    u32(type);
  };

  begin(moof, TYPE.moof);
  begin(MFHD, TYPE.mfhd);
  u32(0);
  u32(sequence);
  begin(traf, TYPE.traf);
  begin(TFHD, TYPE.tfhd);
  u32(0x020000); // default-base-is-moof
  u32(trackId);
  begin(TFDT, TYPE.tfdt);
  u32(0x01000000); // version 1: 64 bits
  const { time } = frames[0]!;
  u32(Math.floor(time / 2 ** 32));
  u32(time % 2 ** 32);
  begin(trun, TYPE.trun);
  u32(0x01000f01); // version 1 (signed offsets); data offset; duration, size, flags, composition offset of each sample
  u32(frames.length);
  u32(moof + HEADER);
  let media = 0;
  for (const { duration, data, isSync, cts } of frames) {
    media += data.length;
    u32(duration);
    u32(data.length);
    u32(isSync ? SYNC_FLAGS : NON_SYNC_FLAGS);
    view.setInt32(at, cts);
    at += 4;
  }
  begin(HEADER + media, TYPE.mdat);
  for (const { data } of frames) {
    out.set(data, at);
    at += data.length;
  }
}

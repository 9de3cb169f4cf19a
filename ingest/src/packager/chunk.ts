/** A CMAF chunk: one moof and its mdat (ISO/IEC 23000-19 §7.3.2.3, ISO/IEC 14496-12 §8.8). */
import { fourCc } from "./box.ts";
import type { Frame } from "./frame.ts";

const MFHD = 16;
const TFHD = 16;
const TFDT = 20;
const TRUN = 20;
const PER_SAMPLE = 16;
const HEADER = 8;

/** sample_depends_on 2 (nobody else): a sync sample. 1 and sample_is_non_sync_sample: any other. §8.8.3.1. */
const SYNC_FLAGS = 0x02000000;
const NON_SYNC_FLAGS = 0x01010000;

/** Writes consecutive frames of one track. `sequence` counts the track's chunks (mfhd). */
export function encodeChunk(trackId: number, sequence: number, frames: readonly Frame[]): Uint8Array {
  const traf = HEADER + TFHD + TFDT + TRUN + PER_SAMPLE * frames.length;
  const moof = HEADER + MFHD + traf;
  let media = 0;
  for (const { data } of frames) media += data.length;
  const out = new Uint8Array(moof + HEADER + media);
  const view = new DataView(out.buffer);
  let at = 0;
  const u32 = (value: number): void => {
    view.setUint32(at, value);
    at += 4;
  };
  const begin = (size: number, type: string): void => {
    u32(size);
    u32(fourCc(type));
  };

  begin(moof, "moof");
  begin(MFHD, "mfhd");
  u32(0);
  u32(sequence);
  begin(traf, "traf");
  begin(TFHD, "tfhd");
  u32(0x020000); // default-base-is-moof
  u32(trackId);
  begin(TFDT, "tfdt");
  u32(0x01000000); // version 1: 64 bits
  view.setBigUint64(at, BigInt(frames[0]!.time));
  at += 8;
  begin(TRUN + PER_SAMPLE * frames.length, "trun");
  u32(0x01000f01); // version 1 (signed offsets); data offset; duration, size, flags, composition offset of each sample
  u32(frames.length);
  u32(moof + HEADER);
  for (const { duration, data, isSync, cts } of frames) {
    u32(duration);
    u32(data.length);
    u32(isSync ? SYNC_FLAGS : NON_SYNC_FLAGS);
    view.setInt32(at, cts);
    at += 4;
  }
  begin(HEADER + media, "mdat");
  for (const { data } of frames) {
    out.set(data, at);
    at += data.length;
  }
  return out;
}

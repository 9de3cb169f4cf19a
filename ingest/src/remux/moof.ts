import { WireError } from "../bytes/wire-error.ts";
import { type BoxAt, boxesIn, guarded, needBox } from "./box-reader.ts";
import type { TrackDefaults } from "./moov.ts";

/** Where a sample lies in the file, and when it is decoded. */
export interface SampleAt {
  readonly offset: number;
  readonly size: number;
  readonly dts: number;
  readonly cts: number;
  readonly isSync: boolean;
}

export interface FragmentRun {
  readonly track: number;
  readonly samples: readonly SampleAt[];
  /** Decode time behind the last sample. */
  readonly end: number;
}

/** sample_is_non_sync_sample, ISO/IEC 14496-12 §8.8.3.1. */
const NON_SYNC = 0x10000;
/** More samples than a moof of the allowed size could describe are a lie (defaults let a sample take no bytes at all). */
const MAX_SAMPLES = 65_536;

/** The sample tables of a whole moof box (ISO/IEC 14496-12 §8.8.4) that begins at `moofStart` of the file. */
export function readFragment(moof: Uint8Array, moofStart: number, tracks: readonly TrackDefaults[]): FragmentRun[] {
  return guarded(() => {
    const view = new DataView(moof.buffer, moof.byteOffset, moof.byteLength);
    const runs: FragmentRun[] = [];
    for (const box of boxesIn(view, 8, moof.length)) {
      if (box.type === "traf") {
        const run = readTraf(view, box, moofStart, tracks);
        if (run !== null) runs.push(run);
      }
    }
    return runs;
  });
}

function readTraf(
  view: DataView,
  traf: BoxAt,
  moofStart: number,
  tracks: readonly TrackDefaults[],
): FragmentRun | null {
  // tfhd, §8.8.7: the flags say which fields follow.
  const tfhd = needBox(view, traf, "tfhd");
  const flags = view.getUint32(tfhd.body) & 0xffffff;
  const id = view.getUint32(tfhd.body + 4);
  const track = tracks.findIndex((each) => each.id === id);
  if (track < 0) return null;
  const defaults = tracks[track]!;
  let at = tfhd.body + 8;
  const optional = (flag: number, otherwise: number): number => {
    if ((flags & flag) === 0) return otherwise;
    at += 4;
    return view.getUint32(at - 4);
  };
  let base = moofStart;
  if (flags & 0x01) {
    base = Number(view.getBigUint64(at));
    at += 8;
  }
  optional(0x02, 0); // sample_description_index
  const duration = optional(0x08, defaults.duration);
  const size = optional(0x10, defaults.size);
  const sampleFlags = optional(0x20, defaults.flags);

  // tfdt, §8.8.12.
  const tfdt = needBox(view, traf, "tfdt");
  let dts = view.getUint8(tfdt.body) === 1 ? Number(view.getBigUint64(tfdt.body + 4)) : view.getUint32(tfdt.body + 4);
  if (!Number.isSafeInteger(dts)) throw new WireError("fmp4.malformed", "tfdt beyond 2^53");

  const samples: SampleAt[] = [];
  let offset = base;
  for (const box of boxesIn(view, traf.body, traf.end)) {
    if (box.type !== "trun") continue;
    // trun, §8.8.8.
    const has = view.getUint32(box.body) & 0xffffff;
    const count = view.getUint32(box.body + 4);
    if (count > MAX_SAMPLES - samples.length) throw new WireError("fmp4.too-large", `${count} samples in a fragment`);
    let field = box.body + 8;
    const next = (flag: number, otherwise: number): number => {
      if ((has & flag) === 0) return otherwise;
      field += 4;
      return view.getUint32(field - 4);
    };
    if (has & 0x001) offset = base + (next(0x001, 0) | 0);
    const firstFlags = next(0x004, sampleFlags);
    for (let index = 0; index < count; index++) {
      const sampleDuration = next(0x100, duration);
      const sampleSize = next(0x200, size);
      const ownFlags = next(0x400, index === 0 ? firstFlags : sampleFlags);
      // Version 0 is unsigned, but nobody means offsets of half of 2^32 ticks: old writers put negative ones there.
      const cts = next(0x800, 0) | 0;
      if (field > box.end) throw new WireError("fmp4.malformed", "trun ends before its samples");
      samples.push({ offset, size: sampleSize, dts, cts, isSync: (ownFlags & NON_SYNC) === 0 });
      offset += sampleSize;
      dts += sampleDuration;
    }
  }
  return { track, samples, end: dts };
}

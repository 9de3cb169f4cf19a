import { WireError } from "../bytes/wire-error.ts";
import type { Sample, Track } from "../packager/track.ts";
import { type FragmentRun, readFragment } from "./moof.ts";
import { readMovie, type TrackDefaults } from "./moov.ts";

export interface Fmp4Limits {
  /** moov and moof: tables, not media. */
  readonly maxHeaderBytes: number;
  readonly maxMediaBytes: number;
}

export const DEFAULT_FMP4_LIMITS: Fmp4Limits = { maxHeaderBytes: 1024 * 1024, maxMediaBytes: 64 * 1024 * 1024 };

export interface Fmp4Sink {
  onTracks(tracks: readonly Track[]): void;
  onSample(track: number, sample: Sample): void;
}

export interface Fmp4Reader {
  /** `chunk` must not be changed afterwards: samples are views of it where a box came in one piece. */
  push(chunk: Uint8Array): void;
  /** Whether a box is begun and not complete. */
  readonly isInsideBox: boolean;
}

const FTYP = 0x66747970;
const MOOV = 0x6d6f6f76;
const MOOF = 0x6d6f6f66;
const MDAT = 0x6d646174;
const HEADER = 8;
const LARGE_HEADER = 16;

/**
 * Reads fragmented MP4 as it arrives, whatever the pieces: the same bytes give the same calls (ISO/IEC 14496-12 §4.2, §8.8).
 * Throws WireError `fmp4.*`; a box's memory is reserved only after its size was checked.
 */
export function makeFmp4Reader(sink: Fmp4Sink, limits: Fmp4Limits = DEFAULT_FMP4_LIMITS): Fmp4Reader {
  /** Position in the whole file of the byte that comes next. */
  let position = 0;
  const header = new Uint8Array(LARGE_HEADER);
  let headerLength = 0;
  /** The box being gathered, header included; null while between boxes or while skipping. */
  let box: Uint8Array | null = null;
  let boxLength = 0;
  let skip = 0;
  let tracks: readonly TrackDefaults[] | null = null;
  let runs: readonly FragmentRun[] = [];

  function sizeOf(view: DataView, at: number, available: number): number | null {
    if (available < HEADER) return null;
    const size = view.getUint32(at);
    if (size >= HEADER) return size;
    if (size !== 1) throw new WireError("fmp4.malformed", `box size ${size}`);
    if (available < LARGE_HEADER) return null;
    const large = Number(view.getBigUint64(at + HEADER));
    if (large < LARGE_HEADER || !Number.isSafeInteger(large)) {
      throw new WireError("fmp4.malformed", `box size ${large}`);
    }
    return large;
  }

  function isKept(type: number): boolean {
    return type === MOOV || type === MOOF || type === MDAT;
  }

  function check(type: number, size: number): void {
    if (size > (type === MDAT ? limits.maxMediaBytes : limits.maxHeaderBytes)) {
      throw new WireError("fmp4.too-large", `box of ${size} bytes`);
    }
  }

  function complete(type: number, bytes: Uint8Array, start: number): void {
    if (type === MOOV) {
      if (tracks !== null) throw new WireError("fmp4.malformed", "a second moov");
      tracks = readMovie(bytes);
      sink.onTracks(tracks.map((each) => each.track));
    } else if (type === MOOF) {
      if (tracks === null) throw new WireError("fmp4.malformed", "moof before moov");
      runs = readFragment(bytes, start, tracks);
    } else {
      emit(bytes, start);
    }
  }

  /** Hands on the samples of the last moof that lie in this mdat. */
  function emit(bytes: Uint8Array, start: number): void {
    const end = start + bytes.length;
    for (const { track, samples } of runs) {
      for (const { offset, size, dts, cts, isSync } of samples) {
        if (offset < start + HEADER || offset + size > end) {
          throw new WireError("fmp4.malformed", "a sample outside its mdat");
        }
        const data = bytes.subarray(offset - start, offset - start + size);
        sink.onSample(track, { dts, cts, isSync, data });
      }
    }
    runs = [];
  }

  return {
    get isInsideBox() {
      return headerLength > 0 || box !== null || skip > 0;
    },
    push(chunk) {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let at = 0;
      const take = (count: number): void => {
        at += count;
        position += count;
      };
      while (at < chunk.length) {
        const rest = chunk.length - at;
        if (skip > 0) {
          const count = Math.min(skip, rest);
          skip -= count;
          take(count);
          continue;
        }
        if (box !== null) {
          const count = Math.min(box.length - boxLength, rest);
          box.set(chunk.subarray(at, at + count), boxLength);
          boxLength += count;
          take(count);
          if (boxLength === box.length) {
            const done = box;
            box = null;
            complete(typeAt(done), done, position - done.length);
          }
          continue;
        }
        if (headerLength === 0) {
          // The common case: ffmpeg writes a fragment at once and it is read at once, so the box lies whole in the chunk.
          const size = sizeOf(view, at, rest);
          if (size !== null && size <= rest) {
            const type = view.getUint32(at + 4);
            if (isKept(type)) {
              check(type, size);
              complete(type, chunk.subarray(at, at + size), position);
            }
            take(size);
            continue;
          }
        }
        header[headerLength++] = chunk[at]!;
        take(1);
        const headerView = new DataView(header.buffer);
        const size = sizeOf(headerView, 0, headerLength);
        if (size === null) continue;
        const type = headerView.getUint32(4);
        if (isKept(type)) {
          check(type, size);
          box = new Uint8Array(size);
          box.set(header.subarray(0, headerLength));
          boxLength = headerLength;
          if (boxLength === size) {
            const done = box;
            box = null;
            complete(type, done, position - size);
          }
        } else {
          if (type === FTYP) check(type, size);
          skip = size - headerLength;
        }
        headerLength = 0;
      }
    },
  };
}

function typeAt(box: Uint8Array): number {
  return new DataView(box.buffer, box.byteOffset, box.byteLength).getUint32(4);
}

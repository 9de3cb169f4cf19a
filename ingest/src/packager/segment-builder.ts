import type { Milliseconds } from "../bytes/units.ts";
import { chunkSize, writeChunk } from "./chunk.ts";
import type { Frame } from "./frame.ts";
import { LEAST_PART } from "./part-target.ts";
import { PRFT_SIZE, writePrft } from "./prft.ts";
import type { EpochInfo, MediaSegment, Part } from "./segment.ts";

/** The segment of one rendition that is growing: parts that are written, and the frames of the next one. */
export interface SegmentBuilder {
  readonly isEmpty: boolean;
  readonly start: number;
  readonly duration: number;
  readonly frames: number;
  readonly hasParts: boolean;
  add(frame: Frame): void;
  /** Ends the segment and begins the next, empty one. */
  close(number: number, epoch: EpochInfo): MediaSegment;
  discard(): void;
}

/** Counts the parts of a rendition, over all epochs of a broadcast: their names. */
export interface PartCounter {
  next: number;
}

export interface SegmentBuilderOptions {
  readonly trackId: number;
  readonly timescale: number;
  /** PART-TARGET in ticks; null while it is not chosen: frames wait. */
  readonly partTarget: () => number | null;
  /** Where every frame is a sync sample (sound), none begins a part. */
  readonly cutsAtSync: boolean;
  readonly counter: PartCounter;
  /** Unix time of a time of the track: told before each part (`prft`). Null: it is not. */
  readonly clockOf: ((time: number) => Milliseconds) | null;
  readonly onPart: (part: Part) => void;
}

const FIRST_CAPACITY = 64 * 1024;
/** Segments of one encoder are alike: room for one that is a little larger than the last. */
const HEADROOM = 1.125;

export function makeSegmentBuilder(options: SegmentBuilderOptions): SegmentBuilder {
  const { trackId, timescale, cutsAtSync, counter, clockOf, onPart } = options;
  let parts: Part[] = [];
  /** Of the part that grows. */
  let frames: Frame[] = [];
  let partTicks = 0;
  /** That came before PART-TARGET was known. */
  let early: Frame[] = [];
  let count = 0;
  let ticks = 0;
  let start = 0;
  let sequence = 1;
  let capacity = FIRST_CAPACITY;
  /** Parts are written one behind the other, so that the segment needs no copy. Never written twice: parts are views of it. */
  let buffer: Uint8Array | null = null;
  let length = 0;

  function reserve(size: number): Uint8Array {
    if (buffer !== null && length + size <= buffer.length) return buffer;
    const grown = new Uint8Array(Math.max(capacity, Math.ceil((length + size) * HEADROOM)));
    if (buffer !== null) {
      grown.set(buffer.subarray(0, length));
      let at = 0;
      parts = parts.map((part) => {
        at += part.bytes.length;
        return { ...part, bytes: grown.subarray(at - part.bytes.length, at) };
      });
    }
    buffer = grown;
    return grown;
  }

  function closePart(): void {
    const first = frames[0];
    if (first === undefined) return;
    const head = clockOf === null ? 0 : PRFT_SIZE;
    const size = head + chunkSize(frames);
    const out = reserve(size);
    if (clockOf !== null) {
      const shownAt = first.time + first.cts;
      writePrft(out, length, trackId, clockOf(shownAt), shownAt);
    }
    writeChunk(out, length + head, trackId, sequence++, frames);
    const bytes = out.subarray(length, length + size);
    length += size;
    const part: Part = {
      index: counter.next++,
      time: first.time,
      duration: partTicks,
      isIndependent: first.isSync,
      frames: frames.length,
      bytes,
    };
    frames = [];
    partTicks = 0;
    parts.push(part);
    onPart(part);
  }

  function place(frame: Frame, target: number): void {
    const least = target * LEAST_PART;
    if (partTicks + frame.duration > target || (cutsAtSync && frame.isSync && partTicks >= least)) closePart();
    frames.push(frame);
    partTicks += frame.duration;
    // One more like it would be too many: nothing is gained by waiting for the next.
    if (partTicks >= least && partTicks + frame.duration > target) closePart();
  }

  /** Cuts what waited for the target. */
  function placeEarly(target: number): void {
    if (early.length === 0) return;
    const waiting = early;
    early = [];
    for (const frame of waiting) place(frame, target);
  }

  function clear(): void {
    parts = [];
    frames = [];
    early = [];
    partTicks = 0;
    count = 0;
    ticks = 0;
    buffer = null;
    length = 0;
  }

  return {
    get isEmpty() {
      return ticks === 0;
    },
    get start() {
      return start;
    },
    get duration() {
      return ticks;
    },
    get frames() {
      return count;
    },
    get hasParts() {
      return parts.length > 0;
    },
    add(frame) {
      if (ticks === 0) start = frame.time;
      count++;
      ticks += frame.duration;
      const target = options.partTarget();
      if (target === null) early.push(frame);
      else {
        placeEarly(target);
        place(frame, target);
      }
    },
    close(number, epoch) {
      placeEarly(options.partTarget() ?? Number.POSITIVE_INFINITY);
      closePart();
      const bytes = buffer!.subarray(0, length);
      capacity = Math.ceil(length * HEADROOM);
      const isIndependent = parts[0]!.isIndependent;
      const segment: MediaSegment = {
        kind: "media",
        number,
        epoch,
        timescale,
        time: start,
        duration: ticks,
        isIndependent,
        parts,
        bytes,
      };
      clear();
      return segment;
    },
    discard: clear,
  };
}

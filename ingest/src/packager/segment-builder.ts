import { chunkSize, writeChunk } from "./chunk.ts";
import type { Frame } from "./frame.ts";
import type { EpochInfo, MediaSegment, Part } from "./segment.ts";

/** The segment of one rendition that is growing: parts that are written, and the frames of the next one. */
export interface SegmentBuilder {
  readonly isEmpty: boolean;
  readonly start: number;
  readonly duration: number;
  add(frame: Frame): void;
  /** Ends the segment and begins the next, empty one. */
  close(number: number, epoch: EpochInfo): MediaSegment;
  discard(): void;
}

export interface PartRule {
  /** The most ticks in a part (PART-TARGET). */
  readonly target: number;
  /** The least ticks after which a sync sample begins a new part: HLS §4.4.4.9 wants 85 % of any part that is not the last one. */
  readonly minimum: number;
}

const FIRST_CAPACITY = 64 * 1024;
/** Segments of one encoder are alike: room for one that is a little larger than the last. */
const HEADROOM = 1.125;

export function makeSegmentBuilder(trackId: number, timescale: number, rule: PartRule): SegmentBuilder {
  let parts: Part[] = [];
  let frames: Frame[] = [];
  let partTicks = 0;
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
    const size = chunkSize(frames);
    const out = reserve(size);
    writeChunk(out, length, trackId, sequence++, frames);
    const bytes = out.subarray(length, length + size);
    length += size;
    parts.push({
      time: first.time,
      duration: partTicks,
      isIndependent: first.isSync,
      frames: frames.length,
      bytes,
    });
    frames = [];
    partTicks = 0;
  }

  function clear(): void {
    parts = [];
    frames = [];
    partTicks = 0;
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
    add(frame) {
      if (partTicks + frame.duration > rule.target || (frame.isSync && partTicks >= rule.minimum)) closePart();
      if (ticks === 0) start = frame.time;
      frames.push(frame);
      partTicks += frame.duration;
      ticks += frame.duration;
    },
    close(number, epoch) {
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

import { encodeChunk } from "./chunk.ts";
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

export function makeSegmentBuilder(trackId: number, timescale: number, rule: PartRule): SegmentBuilder {
  let parts: Part[] = [];
  let frames: Frame[] = [];
  let partTicks = 0;
  let ticks = 0;
  let start = 0;
  let sequence = 1;

  function closePart(): void {
    const first = frames[0];
    if (first === undefined) return;
    const bytes = encodeChunk(trackId, sequence++, frames);
    parts.push({ time: first.time, duration: partTicks, isIndependent: first.isSync, frames: frames.length, bytes });
    frames = [];
    partTicks = 0;
  }

  function clear(): void {
    parts = [];
    frames = [];
    partTicks = 0;
    ticks = 0;
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
      let size = 0;
      for (const { bytes } of parts) size += bytes.length;
      const bytes = new Uint8Array(size);
      let at = 0;
      const views = parts.map((part) => {
        bytes.set(part.bytes, at);
        at += part.bytes.length;
        return { ...part, bytes: bytes.subarray(at - part.bytes.length, at) };
      });
      const isIndependent = views[0]!.isIndependent;
      const duration = ticks;
      clear();
      return { kind: "media", number, epoch, timescale, time: start, duration, isIndependent, parts: views, bytes };
    },
    discard: clear,
  };
}

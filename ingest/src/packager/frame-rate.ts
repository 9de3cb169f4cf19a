import type { MediaSegment } from "./segment.ts";

const USUAL = [24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120];
const CLOSE = 0.0004;

/** Pictures per second of a segment. FLV's milliseconds blur it, so that a rate close to a usual one is that one. */
export function frameRate(segment: MediaSegment): number {
  const frames = segment.parts.reduce((sum, part) => sum + part.frames, 0);
  return frameRateOf(frames, segment.duration / segment.timescale);
}

/** The same of so many pictures in so many seconds. */
export function frameRateOf(frames: number, seconds: number): number {
  const measured = seconds === 0 ? 0 : frames / seconds;
  const usual = USUAL.find((rate) => Math.abs(rate - measured) < rate * CLOSE);
  return Math.round((usual ?? measured) * 1000) / 1000;
}

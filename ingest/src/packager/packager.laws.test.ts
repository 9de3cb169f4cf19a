import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ms, seconds } from "../bytes/units.ts";
import { makePackager } from "./packager.ts";
import type { MediaSegment, Part, Segment } from "./segment.ts";
import { type ModelEpoch, modelEpoch } from "./testing/model-broadcast.ts";
import { readChunks } from "./testing/read-chunk.ts";

const FIRST = 28_000_000;
const PART_TARGET = 0.5;

const jitter = fc.array(fc.integer({ min: -4, max: 4 }), { maxLength: 7 });
const video = fc.record({
  fps: fc.constantFrom(24, 25, 30000 / 1001, 30, 50, 60),
  gops: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
  reorder: fc.integer({ min: 0, max: 3 }),
  jitter,
  width: fc.constantFrom(640, 1280),
});
const audio = fc.record({
  sampleRate: fc.constantFrom(44100, 48000),
  startMs: fc.integer({ min: -90, max: 700 }),
  jitter,
  hole: fc.option(fc.tuple(fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 60 }))),
  lagMs: fc.integer({ min: -200, max: 400 }),
});
const epoch: fc.Arbitrary<ModelEpoch> = fc.oneof(
  fc.record({ video, audio, pauseMs: fc.integer({ min: -3000, max: 5000 }) }),
  fc.record({ video, audio: fc.constant(null), pauseMs: fc.integer({ min: 0, max: 3000 }) }),
  fc.record({ video: fc.constant(null), audio, pauseMs: fc.integer({ min: 0, max: 3000 }) }),
);

interface Outcome {
  readonly segments: ReadonlyMap<string, readonly Segment[]>;
  readonly targets: readonly number[];
  /** PART-TARGET. */
  readonly partTarget: number;
  readonly dependentCuts: number;
}

function run(epochs: readonly ModelEpoch[]): Outcome {
  const segments = new Map<string, Segment[]>();
  const targets: number[] = [];
  let dependentCuts = 0;
  let partTarget = 0;
  /** What was shown of segments that are not whole yet, by rendition. */
  const shown = new Map<string, { number: number; parts: Part[] }>();
  const indexes = new Map<string, number>();
  const packager = makePackager(
    { firstNumber: FIRST, firstEpoch: FIRST, partTarget: seconds(PART_TARGET), showsParts: true },
    {
      onPart(rendition, part, segment) {
        expect(partTarget).toBeGreaterThan(0);
        expect(part.index).toBe(indexes.get(rendition) ?? 0);
        indexes.set(rendition, part.index + 1);
        const growing = shown.get(rendition) ?? { number: segment.number, parts: [] };
        expect(segment.number).toBe(growing.number);
        growing.parts.push({ ...part, bytes: part.bytes.slice() });
        shown.set(rendition, growing);
      },
      onPartTarget(value) {
        expect(partTarget).toBe(0);
        partTarget = value;
      },
      onSegment(rendition, segment) {
        if (segment.kind === "media") {
          // A segment is what its parts were, byte for byte.
          const growing = shown.get(rendition)!;
          shown.delete(rendition);
          expect(growing.number).toBe(segment.number);
          expect(growing.parts.map(({ index }) => index)).toEqual(segment.parts.map(({ index }) => index));
          expect(Buffer.concat(growing.parts.map(({ bytes }) => bytes)).equals(segment.bytes)).toBeTrue();
          for (const [index, part] of segment.parts.entries()) {
            expect(Buffer.from(part.bytes).equals(growing.parts[index]!.bytes)).toBeTrue();
          }
        } else expect(shown.has(rendition)).toBeFalse();
        // TARGETDURATION is known before the first playlist.
        expect(targets).toHaveLength(1);
        const list = segments.get(rendition) ?? [];
        list.push(segment);
        segments.set(rendition, list);
      },
      onTargetDuration: (value) => void targets.push(value),
      onDependentCut: () => void dependentCuts++,
    },
  );
  let at = 500;
  for (const each of epochs) {
    const { tracks, inputs, lengthMs } = modelEpoch(each);
    packager.beginEpoch(tracks, ms(Math.max(0, at + each.pauseMs)));
    for (const { track, sample } of inputs) packager.push(track, sample);
    packager.endEpoch();
    at += each.pauseMs + lengthMs;
  }
  expect(shown.size).toBe(0);
  return { segments, targets, partTarget, dependentCuts };
}

const isMedia = (segment: Segment): segment is MediaSegment => segment.kind === "media";

describe("packager laws", () => {
  test("any broadcast keeps the rules of HLS and CMAF", () => {
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 1, maxLength: 4 }), (epochs) => {
        const { segments, targets, partTarget, dependentCuts } = run(epochs);
        const target = targets[0]!;
        expect(target).toBeGreaterThanOrEqual(2);
        expect(target).toBeLessThanOrEqual(10);
        const numbers = new Map<number, { start: number; end: number }>();
        for (const name of ["video", "audio"]) {
          const list = segments.get(name) ?? [];
          let previous: Segment | null = null;
          for (const segment of list) {
            const length = segment.duration / segment.timescale;
            // HLS §4.4.3.1: EXTINF rounded to the nearest integer.
            expect(Math.round(length)).toBeLessThanOrEqual(target);
            expect(length).toBeGreaterThan(0);
            if (previous !== null) {
              // Numbers without holes; time that never goes back, and goes on exactly within an epoch.
              expect(segment.number).toBe(previous.number + 1);
              const isSame = segment.epoch === previous.epoch;
              expect(segment.epoch.number - previous.epoch.number).toBe(isSame ? 0 : 1);
              expect(segment.number === segment.epoch.firstNumber).toBe(!isSame);
              const end = (previous.time + previous.duration) / previous.timescale;
              if (isSame && isMedia(segment) && isMedia(previous)) {
                expect(segment.time).toBe(previous.time + previous.duration);
              } else {
                expect(segment.time / segment.timescale).toBeGreaterThanOrEqual(end - (isSame ? 0.13 : 1e-4));
              }
            } else if (segment.epoch.isFirst) {
              expect(segment.number).toBe(FIRST);
            }
            // One timeline: the same number is the same time in all renditions, to a frame and a half of sound at its edges
            // (and to where sound begins or ends within it).
            const window = {
              start: segment.time / segment.timescale,
              end: (segment.time + segment.duration) / segment.timescale,
            };
            const other = numbers.get(segment.number);
            if (other !== undefined) {
              expect(window.start).toBeGreaterThanOrEqual(other.start - 0.036);
              expect(window.end).toBeLessThanOrEqual(other.end + 0.036);
            } else numbers.set(segment.number, window);
            if (isMedia(segment)) checkBytes(segment, partTarget);
            previous = segment;
          }
          if (name === "video" && dependentCuts === 0) {
            expect(list.filter(isMedia).every((each) => each.isIndependent)).toBeTrue();
          }
        }
      }),
      { numRuns: 150, includeErrorInReport: true },
    );
  }, 60_000);

  function checkBytes(segment: MediaSegment, partTarget: number): void {
    const chunks = readChunks(segment.bytes);
    expect(chunks).toHaveLength(segment.parts.length);
    let time = segment.time;
    for (const [index, chunk] of chunks.entries()) {
      const part = segment.parts[index]!;
      // ISO/IEC 14496-12 §8.8.12: tfdt is the sum of all durations before.
      expect(chunk.time).toBe(time);
      expect(part.time).toBe(time);
      expect(part.duration).toBe(chunk.duration);
      expect(part.isIndependent).toBe(chunk.samples[0]!.isSync);
      expect(part.frames).toBe(chunk.samples.length);
      const ticks = partTarget * segment.timescale;
      // A hole in the sound is one long frame: that alone may be more than a part should be.
      if (chunk.samples.every((sample) => sample.duration < ticks / 4)) {
        expect(part.duration).toBeLessThanOrEqual(ticks);
        // HLS §4.4.4.9: 85 %, but for the last of a segment and those with a sync sample at their start.
        const next = chunks[index + 1];
        if (next !== undefined && next.samples[0]!.duration < ticks / 10) {
          expect(part.duration).toBeGreaterThanOrEqual(ticks * 0.85);
        }
      }
      for (const sample of chunk.samples) expect(sample.duration).toBeGreaterThan(0);
      time += chunk.duration;
    }
    expect(time).toBe(segment.time + segment.duration);
    if (segment.isIndependent) {
      // CMAF §7.7.2 and DASH: the earliest presentation of a segment is its tfdt, but for FLV's rounding.
      const first = chunks[0]!.samples[0]!;
      expect(Math.abs(first.cts)).toBeLessThanOrEqual(segment.timescale / 400);
    }
  }

  test("every frame of the picture comes out once, in order, unchanged", () => {
    fc.assert(
      fc.property(epoch, (each) => {
        const { segments } = run([each]);
        const { inputs, tracks } = modelEpoch(each);
        const index = tracks.findIndex(({ kind }) => kind === "video");
        const expected = inputs.filter(({ track }) => track === index).map(({ sample }) => [...sample.data]);
        const actual = (segments.get("video") ?? [])
          .filter(isMedia)
          .flatMap(({ bytes }) => readChunks(bytes))
          .flatMap(({ samples }) => samples.map(({ data }) => [...data]));
        expect(actual).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

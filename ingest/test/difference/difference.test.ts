import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { Sample } from "../../src/packager/track.ts";
import { startNativeRemuxer } from "../../src/remux/native/native-remuxer.ts";
import type { MakeRemuxer } from "../../src/remux/remuxer.ts";
import { differences } from "./differences.ts";
import { type Shape, shape, tagsOf } from "./shapes.ts";

setDefaultTimeout(120_000);

const PLAIN: Shape = {
  recipe: { seconds: 1, video: { size: "64x64", fps: 25, gop: 25, bFrames: 2, kbps: 100 }, audio: { rate: 48_000 } },
  next: null,
  start: 0,
  leap: 0,
  loses: 0,
  soundLag: 0,
};

/** A remuxer whose samples are others than those that it makes. */
const withSamples =
  (change: (track: number, sample: Sample) => Sample) =>
  (make: MakeRemuxer): MakeRemuxer =>
  (plan, sink, failures) =>
    make(plan, { ...sink, onSample: (track, sample) => sink.onSample(track, change(track, sample)) }, failures);

// `bun run difference` tries 500 and more.
test("whatever a publisher sends: native and ffmpeg make the same of it, as ffprobe reads it", async () => {
  await fc.assert(
    fc.asyncProperty(shape, async (made) => {
      expect(await differences(await tagsOf(made))).toEqual([]);
    }),
    { numRuns: 6, includeErrorInReport: true },
  );
});

test.each([
  { name: "MP3 of MPEG-2.5, which no standard has in MP4", audio: { codec: "libmp3lame", rate: 11_025, channels: 1 } },
  { name: "96 kHz, which a sample entry can't say", audio: { codec: "aac", rate: 96_000, channels: 6 } },
] as const)("$name", async ({ audio }) => {
  expect(
    await differences(await tagsOf({ ...PLAIN, recipe: { ...PLAIN.recipe, audio }, start: 2 ** 24 - 300 })),
  ).toEqual([]);
});

test.each([
  {
    name: "a lost picture",
    spoil:
      (make: MakeRemuxer): MakeRemuxer =>
      (plan, sink, failures) => {
        const remuxer = make(plan, sink, failures);
        let pictures = 0;
        return {
          ...remuxer,
          push(tag) {
            if (tag.kind !== "video" || ++pictures !== 7) remuxer.push(tag);
          },
        };
      },
    says: /24 samples; ffmpeg 25/,
  },
  {
    name: "a picture a tick late",
    spoil: withSamples((_, sample) => ({ ...sample, cts: sample.cts + (sample.isSync ? 0 : 1) })),
    says: /video: sample 0: pts \d+; ffmpeg \d+/,
  },
  {
    name: "sound two milliseconds late",
    spoil: withSamples((track, sample) => (track === 1 ? { ...sample, dts: sample.dts + 2 * 48 } : sample)),
    says: /audio: sample 0: pts \d+; ffmpeg \d+/,
  },
])("$name is found", async ({ spoil, says }) => {
  expect((await differences(await tagsOf(PLAIN), spoil(startNativeRemuxer))).join("\n")).toMatch(says);
});

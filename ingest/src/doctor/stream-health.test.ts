import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openCapture } from "../../test/open-capture.ts";
import { runSession } from "../../test/run-session.ts";
import { type FlvTag, makeFlv, type Recipe } from "../remux/testing/flv.ts";
import type { HealthSample } from "./stream-health.ts";
import { type Playing, play } from "./testing/play.ts";

setDefaultTimeout(60_000);

const watch = (tags: readonly FlvTag[], seconds: number, delay?: Playing["delay"]) =>
  play(tags, seconds, delay === undefined ? {} : { delay });
const codes = (sample: HealthSample | undefined) => sample?.problems.map(({ code }) => code);
const good: Recipe = { seconds: 12, video: { gop: 60, bFrames: 2, kbps: 500 }, audio: {} };

describe("what is measured", () => {
  test("an encoder with B-frames and a GOP of 2 s has no problem", async () => {
    const tags = await makeFlv(good);
    const samples = watch(tags, 12);
    for (const sample of samples) expect(sample.problems).toEqual([]);
    expect(samples.at(-1)).toMatchObject({
      width: 320,
      height: 180,
      videoCodec: "H.264",
      audioCodec: "AAC",
      keyframeIntervalSeconds: 2,
    });
    expect(samples.at(-1)!.fps).toBeCloseTo(30, 0);
    const bytes = tags.reduce((sum, { body }) => sum + body.length, 0);
    const mean = samples.reduce((sum, { bitrateKbps }) => sum + bitrateKbps, 0) / samples.length;
    expect(Math.abs(mean - (bytes * 8) / 12_000)).toBeLessThan(mean * 0.05);
  });

  test("before anything has come there is nothing to say", () => {
    expect(watch([], 1)).toEqual([
      {
        bitrateKbps: 0,
        fps: null,
        width: null,
        height: null,
        videoCodec: null,
        audioCodec: null,
        keyframeIntervalSeconds: null,
        missingFrames: 0,
        skewMs: null,
        problems: [],
      },
    ]);
  });

  test("an encoder that tells its size in metadata alone", async () => {
    const tags = (await makeFlv(good)).map((tag) =>
      tag.kind === "video" && tag.body[1] === 0 ? { ...tag, body: tag.body.slice(0, 9) } : tag,
    );
    expect(watch(tags, 3).at(-1)).toMatchObject({ width: 320, height: 180 });
  });

  test("metadata that can't be read harms nothing", async () => {
    const tags = (await makeFlv(good)).map((tag) =>
      tag.kind === "script" ? { ...tag, body: tag.body.slice(0, 20) } : tag,
    );
    expect(watch(tags, 3).at(-1)).toMatchObject({ width: 320, problems: [] });
  });
});

describe("what is wrong", () => {
  test("no audio, no video", async () => {
    expect(codes(watch(await makeFlv({ seconds: 8, video: {} }), 8).at(-1))).toEqual(["no-audio"]);
    expect(codes(watch(await makeFlv({ seconds: 8, audio: {} }), 8).at(-1))).toEqual(["no-video"]);
  });

  test("audio that stops in the middle", async () => {
    const samples = watch(await makeFlv(good), 12, (tag) => (tag.kind === "audio" && tag.timestamp > 5_000 ? null : 0));
    expect(codes(samples[4])).toEqual([]);
    expect(codes(samples[10])).toEqual(["no-audio"]);
  });

  test("keyframes too far apart, and one that never comes again", async () => {
    const samples = watch(await makeFlv({ seconds: 12, video: { gop: 150 }, audio: {} }), 12);
    expect(codes(samples[2])).toEqual([]);
    expect(codes(samples[11])).toEqual(["keyframe-interval"]);
    expect(samples[11]!.keyframeIntervalSeconds).toBe(5);
    const once = watch(await makeFlv({ seconds: 12, video: { gop: 1_000 }, audio: {} }), 12);
    expect(codes(once[11])).toEqual(["keyframe-interval"]);
    expect(once[11]!.keyframeIntervalSeconds).toBeGreaterThan(11);
  });

  test("a connection that stalls and catches up", async () => {
    // Everything of two seconds arrives at once in the second one.
    const bursts = watch(await makeFlv(good), 12, (tag) => (tag.timestamp % 2_000 < 1_000 ? 1_000 : 0));
    expect(codes(bursts.at(-1))).toEqual(["bitrate-unstable"]);
  });

  test("an encoder that has died", async () => {
    const samples = watch(await makeFlv(good), 12, (tag) => (tag.timestamp > 4_000 ? null : 0));
    expect(codes(samples.at(-1))).toEqual(["no-data"]);
    expect(samples.at(-1)!.bitrateKbps).toBe(0);
  });

  test("fewer pictures than announced", async () => {
    let frame = 0;
    const samples = watch(await makeFlv(good), 12, (tag) =>
      tag.kind === "video" && tag.body[1] === 1 && tag.body[0] !== 0x17 && frame++ % 2 === 0 ? null : 0,
    );
    expect(codes(samples.at(-1))).toEqual(["frame-rate"]);
  });

  test("codecs that not every browser plays", async () => {
    const samples = watch(await makeFlv({ seconds: 6, video: {}, audio: { codec: "libmp3lame", rate: 44_100 } }), 6);
    expect(codes(samples.at(-1))).toEqual(["audio-codec"]);
    expect(samples.at(-1)!.audioCodec).toBe("MP3");
  });

  test("each says what to change", async () => {
    const samples = watch(await makeFlv({ seconds: 8, video: { gop: 1_000 } }), 8);
    for (const { detail } of samples.at(-1)!.problems) expect(detail).toMatch(/^[A-Z].{20,}\.$/);
  });
});

describe("recorded encoders", () => {
  for (const [name, announced] of [
    ["obs", { videoCodec: "H.264", audioCodec: "AAC" }],
    ["librtmp", { videoCodec: "H.264", audioCodec: "AAC" }],
  ] as const)
    test(name, async () => {
      const tags: FlvTag[] = [];
      runSession((await openCapture(name)).pieces, {
        apps: ["live"],
        onEvent(event) {
          if (event.type === "media")
            tags.push({ kind: event.kind, timestamp: event.timestamp, body: new Uint8Array(event.payload) });
        },
      });
      const samples = watch(tags, Math.floor(tags.at(-1)!.timestamp / 1_000));
      expect(samples.length).toBeGreaterThan(3);
      expect(samples.at(-1)).toMatchObject(announced);
      for (const sample of samples) expect(sample.problems).toEqual([]);
    });
});

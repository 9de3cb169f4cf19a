import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../../bytes/units.ts";
import type { Codec } from "../../flv/fourcc.ts";
import { type MediaTag, makeMediaTag } from "../../live/media-tag.ts";
import type { Sample, Track } from "../../packager/track.ts";
import { startFfmpegRemuxer } from "../ffmpeg-remuxer.ts";
import type { MakeRemuxer, RemuxEnd } from "../remuxer.ts";
import { configOf, type EnhancedRecipe, makeEnhancedFlv } from "../testing/enhanced-flv.ts";
import { type FlvTag, makeFlv, type Recipe } from "../testing/flv.ts";
import { startNativeRemuxer } from "./native-remuxer.ts";

setDefaultTimeout(120_000);

interface Result {
  readonly tracks: readonly Track[];
  readonly samples: readonly (readonly Sample[])[];
  readonly end: RemuxEnd;
}

function mediaTags(flv: readonly FlvTag[]): MediaTag[] {
  return flv
    .map(({ kind, timestamp, body }) => makeMediaTag(kind, ms(timestamp), body))
    .filter((tag) => tag !== null)
    .filter((tag) => tag.kind !== "script" && !tag.isControl);
}

function remux(tags: readonly MediaTag[], make: MakeRemuxer): Promise<Result> {
  const heads = (["video", "audio"] as const).flatMap((kind) => {
    const head = tags.find((tag) => tag.kind === kind && tag.isConfig) ?? tags.find((tag) => tag.kind === kind);
    return head === undefined ? [] : [head];
  });
  const frames = tags.filter((tag) => !tag.isConfig);
  let tracks: readonly Track[] = [];
  const samples: Sample[][] = [];
  const { promise, resolve } = Promise.withResolvers<Result>();
  const remuxer = make(
    { heads, base: frames.find(({ kind }) => kind === heads[0]!.kind)!.timestamp },
    {
      onTracks(given) {
        tracks = given;
        for (const _ of given) samples.push([]);
      },
      onSample: (track, sample) => void samples[track]!.push(sample),
      onEnd: (end) => resolve({ tracks, samples, end }),
    },
    0,
  );
  // A tag's payload is good for the call only.
  for (const frame of frames) {
    const payload = frame.payload.slice();
    remuxer.push({ ...frame, payload });
    payload.fill(0xee);
  }
  remuxer.end();
  return promise;
}

const ffmpeg: MakeRemuxer = (plan, sink) => startFfmpegRemuxer(plan, sink, { path: "ffmpeg", verbose: true });

const RECIPES: readonly { readonly name: string; readonly recipe: Recipe }[] = [
  { name: "H.264 and AAC", recipe: { seconds: 3, video: {}, audio: {} } },
  {
    name: "B-frames, 60 fps, 44.1 kHz",
    recipe: { seconds: 3, video: { fps: 60, bFrames: 3 }, audio: { rate: 44100 } },
  },
  {
    name: "24 fps, short GOPs, mono",
    recipe: { seconds: 3, video: { fps: 24, gop: 7, bFrames: 2 }, audio: { channels: 1 } },
  },
  { name: "a size that is cropped", recipe: { seconds: 2, video: { size: "322x182" } } },
  { name: "sound alone", recipe: { seconds: 3, audio: { channels: 1 } } },
  { name: "MP3", recipe: { seconds: 3, audio: { codec: "libmp3lame", rate: 44100 } } },
  {
    name: "MP3 behind a keyframe of more than 16 KB",
    recipe: {
      seconds: 1,
      video: { size: "206x322", fps: 10, gop: 3, bFrames: 2, kbps: 1268 },
      audio: { codec: "libmp3lame", rate: 44100, channels: 1 },
    },
  },
  { name: "half-rate MP3", recipe: { seconds: 3, audio: { codec: "libmp3lame", rate: 22050, channels: 1 } } },
];

const inMs = (sample: Sample, track: Track) => (sample.dts * 1000) / track.timescale;

function expectSame(native: Result, other: Result): void {
  expect(native.end).toEqual({ kind: "drained" });
  expect(native.tracks.map(({ kind, codecs }) => ({ kind, codecs }))).toEqual(
    other.tracks.map(({ kind, codecs }) => ({ kind, codecs })),
  );
  for (const [index, track] of native.tracks.entries()) {
    const theirs = other.tracks[index]!;
    if (track.kind === "video" && theirs.kind === "video") {
      expect([track.width, track.height]).toEqual([theirs.width, theirs.height]);
      expect(configOf(track).body).toEqual(configOf(theirs).body);
    } else if (track.kind === "audio" && theirs.kind === "audio") {
      expect(track.sampleRate).toBe(theirs.sampleRate);
      // Of MP3 ffmpeg always writes two.
      if (track.codecs !== "mp4a.40.34") expect(track.channels).toBe(theirs.channels);
      expect((track.frameTicks ?? 0) / track.timescale).toBe((theirs.frameTicks ?? 0) / theirs.timescale);
    }
    const [mine, expected] = [native.samples[index]!, other.samples[index]!];
    expect(mine.length).toBe(expected.length);
    for (const [at, sample] of mine.entries()) {
      const same = expected[at]!;
      expect(Buffer.compare(sample.data, same.data)).toBe(0);
      expect(sample.isSync).toBe(same.isSync);
      expect(Math.abs(inMs(sample, track) - inMs(same, theirs))).toBeLessThanOrEqual(1);
      if (track.kind === "video")
        expect((sample.cts * 1000) / track.timescale).toBeCloseTo((same.cts * 1000) / theirs.timescale, 6);
    }
  }
}

describe("native against ffmpeg, on the same FLV", () => {
  test.each(RECIPES)("$name: the same tracks and samples", async ({ recipe }) => {
    const tags = mediaTags(await makeFlv(recipe));
    expectSame(await remux(tags, startNativeRemuxer), await remux(tags, ffmpeg));
  });
});

const ENHANCED: readonly { readonly name: string; readonly recipe: EnhancedRecipe }[] = [
  {
    name: "HEVC with B-frames, and E-AC-3",
    recipe: {
      seconds: 2,
      video: {
        codec: "hvc1",
        encoder: ["libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=error:bframes=2"],
      },
      audio: { codec: "ec-3", encoder: ["eac3", "-ac", "2"] },
    },
  },
  {
    name: "AV1 and Opus",
    recipe: {
      seconds: 2,
      video: { codec: "av01", encoder: ["libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-b:v", "300k"] },
      audio: { codec: "Opus", encoder: ["libopus"] },
    },
  },
  {
    name: "VP9 and FLAC",
    recipe: {
      seconds: 2,
      video: {
        codec: "vp09",
        encoder: [
          "libvpx-vp9",
          "-deadline",
          "realtime",
          "-cpu-used",
          "8",
          "-b:v",
          "300k",
          "-lag-in-frames",
          "0",
          "-auto-alt-ref",
          "0",
        ],
      },
      audio: { codec: "fLaC", encoder: ["flac"] },
    },
  },
  { name: "AC-3 alone", recipe: { seconds: 2, audio: { codec: "ac-3", encoder: ["ac3", "-ac", "6"] } } },
];

describe("codecs of E-RTMP", () => {
  test.each(ENHANCED)("$name: what was encoded comes out", async ({ recipe }) => {
    const { tags, tracks, samples } = await makeEnhancedFlv(recipe);
    const native = await remux(mediaTags(tags), startNativeRemuxer);
    expect(native.end).toEqual({ kind: "drained" });
    expect(native.tracks.map(({ codecs }) => codecs)).toEqual(tracks.map(({ codecs }) => codecs));
    for (const [index, track] of native.tracks.entries()) {
      const theirs = tracks[index]!;
      expect(configOf(track)).toEqual(configOf(theirs));
      if (track.kind === "video" && theirs.kind === "video") expect([track.width, track.height]).toEqual([320, 180]);
      if (track.kind === "audio" && theirs.kind === "audio") expect(track.sampleRate).toBe(theirs.sampleRate);
      const [mine, expected] = [native.samples[index]!, samples[index]!];
      expect(mine.length).toBe(expected.length);
      for (const [at, sample] of mine.entries()) {
        const same = expected[at]!;
        expect(Buffer.compare(sample.data, same.data)).toBe(0);
        expect(sample.isSync).toBe(same.isSync);
        const offset = inMs(mine[0]!, track) - inMs(expected[0]!, theirs);
        expect(Math.abs(inMs(sample, track) - inMs(same, theirs) - offset)).toBeLessThanOrEqual(1.5);
      }
    }
  });
});

describe("bad input", () => {
  test("a configuration that is none ends it with a reason", async () => {
    const body = (...bytes: number[]) => makeMediaTag("video", ms(0), Uint8Array.from(bytes))!;
    const { end } = await remux(
      [body(0x17, 0, 0, 0, 0, 9, 9), body(0x17, 1, 0, 0, 0, 0, 0, 0, 1, 9)],
      startNativeRemuxer,
    );
    expect(end).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("fmp4.malformed") as unknown as string,
    });
  });

  const codecs: readonly Codec[] = ["avc1", "hvc1", "av01", "vp09", "mp4a", "Opus", "fLaC", "ac-3", "ec-3", ".mp3"];
  test("any bytes as configuration and frames: tracks, or a reason; never a throw", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...codecs),
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ maxLength: 64 }),
        async (codec, config, frame) => {
          const isVideo = ["avc1", "hvc1", "av01", "vp09"].includes(codec);
          const four = [...codec].map((letter) => letter.charCodeAt(0));
          const make = (packet: number, data: Uint8Array) =>
            makeMediaTag(
              isVideo ? "video" : "audio",
              ms(0),
              Uint8Array.from([(isVideo ? 0x90 : 0x90) | packet, ...four, ...data]),
            );
          const tags = [make(0, config), make(1, frame)].filter((tag) => tag !== null);
          if (!tags.some((tag) => !tag.isConfig)) return;
          const { end } = await remux(tags, startNativeRemuxer);
          expect(["drained", "failed"]).toContain(end.kind);
        },
      ),
      { numRuns: 500 },
    );
  });
});

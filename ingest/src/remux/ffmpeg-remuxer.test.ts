import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { ms } from "../bytes/units.ts";
import { readVideoHeader } from "../flv/video.ts";
import { type MediaTag, makeMediaTag } from "../live/media-tag.ts";
import type { Sample, Track } from "../packager/track.ts";
import { remuxArgv } from "./ffmpeg-argv.ts";
import { startFfmpegRemuxer } from "./ffmpeg-remuxer.ts";
import { DEFAULT_FMP4_LIMITS, makeFmp4Reader } from "./fmp4-reader.ts";
import type { RemuxEnd } from "./remuxer.ts";
import { eventually, type FlvTag, makeFlv, type Recipe } from "./testing/flv.ts";

const RECIPES: readonly { readonly name: string; readonly recipe: Recipe; readonly codecs: readonly string[] }[] = [
  { name: "H.264 and AAC", recipe: { seconds: 3, video: {}, audio: {} }, codecs: ["avc1.", "mp4a.40.2"] },
  {
    name: "B-frames, 60 fps, 44.1 kHz",
    recipe: { seconds: 3, video: { fps: 60, bFrames: 3 }, audio: { rate: 44100 } },
    codecs: ["avc1.", "mp4a.40.2"],
  },
  { name: "sound alone", recipe: { seconds: 3, audio: { channels: 1 } }, codecs: ["mp4a.40.2"] },
  { name: "MP3", recipe: { seconds: 3, audio: { codec: "libmp3lame", rate: 44100 } }, codecs: ["mp4a.40.34"] },
  { name: "a picture alone", recipe: { seconds: 3, video: { fps: 10, kbps: 50 } }, codecs: ["avc1."] },
];

interface Result {
  readonly tracks: readonly Track[];
  readonly samples: readonly (readonly Sample[])[];
  readonly end: RemuxEnd;
}

function mediaTags(flv: readonly FlvTag[], offset: number): MediaTag[] {
  return flv
    .map(({ kind, timestamp, body }) => makeMediaTag(kind, ms(timestamp), body))
    .filter((tag) => tag !== null)
    .filter((tag) => tag.kind !== "script" && !tag.isControl)
    .map((tag) => (tag.isConfig ? tag : { ...tag, timestamp: ms(tag.timestamp + offset) }));
}

function remux(tags: readonly MediaTag[]): Promise<Result> {
  const heads = (["video", "audio"] as const).flatMap((kind) => {
    const head = tags.find((tag) => tag.kind === kind && tag.isConfig) ?? tags.find((tag) => tag.kind === kind);
    return head === undefined ? [] : [head];
  });
  const frames = tags.filter((tag) => !tag.isConfig);
  let tracks: readonly Track[] = [];
  const samples: Sample[][] = [];
  const { promise, resolve } = Promise.withResolvers<Result>();
  const remuxer = startFfmpegRemuxer(
    { heads, base: frames[0]!.timestamp },
    {
      onTracks(given) {
        tracks = given;
        for (const _ of given) samples.push([]);
      },
      onSample: (track, sample) => void samples[track]!.push(sample),
      onEnd: (end) => resolve({ tracks, samples, end }),
    },
    { path: "ffmpeg", verbose: true },
  );
  for (const frame of frames) remuxer.push(frame);
  remuxer.end();
  return promise;
}

describe("ffmpeg as a remuxer", () => {
  test.each(RECIPES)(
    "$name: every frame, at its time",
    async ({ recipe, codecs }) => {
      // Above 2^24 and across 2^32: ffmpeg sees neither.
      const tags = mediaTags(await makeFlv(recipe), 2 ** 32 - 1000);
      const { tracks, samples, end } = await remux(tags);
      expect(end).toEqual({ kind: "drained" });
      expect(tracks.map((track) => track.codecs)).toEqual(
        codecs.map((prefix) => expect.stringContaining(prefix) as unknown as string),
      );
      const base = tags.find((tag) => !tag.isConfig)!.timestamp;
      for (const [index, track] of tracks.entries()) {
        const expected = tags.filter((tag) => tag.kind === track.kind && !tag.isConfig);
        expect(samples[index]!.length).toBe(expected.length);
        for (const [at, sample] of samples[index]!.entries()) {
          const tag = expected[at]!;
          // Sound is moved within FLV's rounding: ffmpeg counts its frames.
          const slack = track.kind === "audio" ? 1 : 1000 / track.timescale;
          expect(Math.abs((sample.dts * 1000) / track.timescale - (tag.timestamp - base))).toBeLessThanOrEqual(slack);
          if (track.kind === "audio") continue;
          expect(sample.isSync).toBe(tag.isKeyframe);
          expect((sample.cts * 1000) / track.timescale).toBe(readVideoHeader(tag.payload)!.compositionTime);
          expect(sample.data.length).toBe(tag.payload.length - 5);
        }
      }
    },
    30_000,
  );

  test("bytes that are no FLV end as a failure with a diagnosis", async () => {
    const { promise, resolve } = Promise.withResolvers<RemuxEnd>();
    const tag = makeMediaTag("video", ms(0), new Uint8Array([0x17, 0, 0, 0, 0, 1, 2, 3]))!;
    const remuxer = startFfmpegRemuxer(
      { heads: [tag], base: ms(0) },
      { onTracks() {}, onSample() {}, onEnd: resolve },
      { path: "ffmpeg", verbose: true },
    );
    remuxer.push(makeMediaTag("video", ms(0), new Uint8Array([0x17, 1, 0, 0, 0, 0, 0, 0, 1, 9]))!);
    remuxer.end();
    const end = await promise;
    expect(end.kind).toBe("failed");
  }, 30_000);

  test("kill -9 of the server leaves no child behind", async () => {
    const server = Bun.spawn([process.execPath, `${import.meta.dir}/testing/lone-server.ts`], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    const first = await server.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(first.value));
    process.kill(pid, 0);
    server.kill("SIGKILL");
    await server.exited;
    await eventually("the end of ffmpeg", () => {
      // A dead child of a dead parent may wait for its reaper: it runs no more.
      try {
        return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return true;
      }
    });
  }, 30_000);

  test("a child that does not read is bounded by what it is given, and killed in time", async () => {
    const { promise, resolve } = Promise.withResolvers<RemuxEnd>();
    const script = `${import.meta.dir}/testing/deaf-ffmpeg`;
    let pid = 0;
    const onChild = (id: number): void => {
      pid = id;
    };
    const [head, ...frames] = mediaTags(await makeFlv({ seconds: 3, video: {} }), 0);
    const remuxer = startFfmpegRemuxer(
      { heads: [head!], base: frames[0]!.timestamp },
      { onTracks() {}, onSample() {}, onEnd: resolve },
      { path: script, verbose: false, drainTimeoutMs: 200, onChild },
    );
    let pushed = 0;
    for (let round = 0; round < 4; round++) {
      for (const frame of frames) {
        remuxer.push(frame);
        pushed += frame.payload.length;
      }
    }
    expect(remuxer.queuedBytes).toBeGreaterThan(pushed / 2);
    remuxer.end();
    const end = await promise;
    expect(end.kind).toBe("failed");
    expect(() => process.kill(pid, 0)).toThrow();
  }, 30_000);
});

describe("fMP4 reader", () => {
  async function capture(): Promise<Uint8Array> {
    const flv = await makeFlv({ seconds: 3, video: { bFrames: 2 }, audio: {} });
    const { encodeFlvHeader, encodeFlvTag, FlvTagType } = await import("../flv/mux.ts");
    const pieces = [
      encodeFlvHeader(true, true),
      ...flv.map((tag) => encodeFlvTag(FlvTagType[tag.kind], tag.timestamp, tag.body)),
    ];
    const argv = remuxArgv({ video: "avc1", audio: "mp4a", verbose: false });
    const child = Bun.spawn(["ffmpeg", ...argv], {
      stdin: Buffer.concat(pieces),
      stdout: "pipe",
      stderr: "ignore",
    });
    return await child.stdout.bytes();
  }

  const read = (chunks: Iterable<Uint8Array>): string => {
    const seen: unknown[] = [];
    const reader = makeFmp4Reader({
      onTracks: (tracks) => void seen.push(tracks),
      onSample: (track, sample) =>
        void seen.push([track, sample.dts, sample.cts, sample.isSync, Bun.hash(sample.data)]),
    });
    for (const chunk of chunks) reader.push(chunk);
    return Bun.inspect(seen);
  };

  function* split(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
    let at = 0;
    for (let index = 0; at < bytes.length; index++) {
      const size = sizes[index % sizes.length]!;
      yield bytes.slice(at, at + size);
      at += size;
    }
  }

  test("any split of the same bytes gives the same samples", async () => {
    const bytes = await capture();
    const whole = read([bytes]);
    expect(whole.length).toBeGreaterThan(1000);
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(sizes, (each) => {
        expect(read(split(bytes, each))).toBe(whole);
      }),
      { numRuns: 40 },
    );
    expect(read(split(bytes, [1]))).toBe(whole);
  }, 60_000);

  test("damaged bytes end in samples or a WireError, whatever is hit", async () => {
    const bytes = (await capture()).slice(0, 60_000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        (hits) => {
          const damaged = bytes.slice();
          for (const [at, value] of hits) damaged[at] = value;
          try {
            read(split(damaged, [4096]));
          } catch (error) {
            expect((error as Error).name).toBe("WireError");
          }
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  test("sizes are checked before memory is reserved", () => {
    const reader = makeFmp4Reader({ onTracks() {}, onSample() {} });
    const header = (size: number, type: string) =>
      new Uint8Array([
        size >>> 24,
        size >>> 16,
        size >>> 8,
        size,
        ...Array.from(type, (letter) => letter.charCodeAt(0)),
      ]);
    expect(() => reader.push(header(DEFAULT_FMP4_LIMITS.maxHeaderBytes + 1, "moov"))).toThrow("bytes");
    const other = makeFmp4Reader({ onTracks() {}, onSample() {} });
    expect(() => other.push(header(0x7fffffff, "mdat"))).toThrow("bytes");
    const third = makeFmp4Reader({ onTracks() {}, onSample() {} });
    expect(() => third.push(header(3, "free"))).toThrow("box size 3");
  });
});

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../bytes/units.ts";
import { NOBODY } from "../live/testing/nobody.ts";
import type { Finding } from "./findings.ts";
import { StreamHealth } from "./stream-health.ts";
import { codesOf, type FlvTag, openBroadcast, type Playing, play } from "./testing/play.ts";
import { CLEAN, type Synthetic, synthesize } from "./testing/synthetic.ts";

setDefaultTimeout(120_000);

const isMedia = ({ body, kind }: FlvTag) => kind !== "script" && body[1] === 1;
const isFrame = (tag: FlvTag) => tag.kind === "video" && isMedia(tag);
const isSound = (tag: FlvTag) => tag.kind === "audio" && isMedia(tag);
const isKey = (tag: FlvTag) => isFrame(tag) && tag.body[0] === 0x17;
/** A tag with another timestamp that arrives when it would have. */
const late = new WeakMap<FlvTag, number>();
/** What comes at `from` and later has timestamps that are off by so many milliseconds. */
const moved = (tags: FlvTag[], from: number, by: number) =>
  tags.map((tag) => {
    if (!isMedia(tag) || tag.timestamp < from) return tag;
    const other = { ...tag, timestamp: tag.timestamp + by };
    late.set(other, -by);
    return other;
  });
const arrival = (tag: FlvTag) => late.get(tag) ?? 0;

describe("law: a clean broadcast has no finding, at any moment", () => {
  const recipe = fc.record({
    fps: fc.oneof(fc.integer({ min: 10, max: 120 }), fc.constantFrom(23.976, 29.97, 59.94)),
    gopSeconds: fc.double({ min: 0.5, max: 3.9, noNaN: true }),
    bFrames: fc.nat(4),
    kbps: fc.integer({ min: 100, max: 600 }),
    sampleRate: fc.constantFrom(32_000, 44_100, 48_000),
    latency: fc.constantFrom("standard" as const, "balanced" as const),
    lag: fc.nat(900),
  });
  test("of any rate, GOP, order and size", () => {
    fc.assert(
      fc.property(recipe, ({ fps, gopSeconds, latency, lag, ...rest }) => {
        const tags = synthesize({
          ...rest,
          fps,
          gop: Math.max(1, Math.floor(gopSeconds * fps)),
          level: 52,
          seconds: 14,
        });
        for (const sample of play(tags, 14, { latency, delay: () => lag })) expect(sample.problems).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("for the lowest latency, with short GOPs and without B-frames", () => {
    for (const fps of [24, 30, 60])
      for (const sample of play(synthesize({ fps, gop: fps, level: 42 }), 32, { latency: "ultra" }))
        expect(sample.problems).toEqual([]);
  });
});

interface Defect {
  readonly name: string;
  readonly recipe?: Partial<Synthetic>;
  readonly tags?: (tags: FlvTag[]) => FlvTag[];
  readonly playing?: Playing;
  readonly found: Partial<Finding>;
}

let nth = 0;
const every = (count: number) => () => nth++ % count === 0;

const DEFECTS: readonly Defect[] = [
  {
    name: "a GOP of 6 s",
    recipe: { gop: 180 },
    found: { code: "keyframe-interval", severity: "warning", values: { seconds: 6 } },
  },
  {
    name: "one keyframe only",
    recipe: { gop: 100_000 },
    found: { code: "keyframe-interval", severity: "error" },
  },
  {
    name: "a GOP of 3 s where parts are short",
    recipe: { gop: 90 },
    playing: { latency: "ultra" },
    found: { code: "keyframe-latency", severity: "info", values: { seconds: 3 } },
  },
  {
    name: "keyframes at cuts of the scene",
    // Every other GOP is two: 0.7 s and 1.3 s.
    tags: (tags) =>
      tags.map((tag) =>
        isFrame(tag) && tag.timestamp % 4_000 === 700 ? { ...tag, body: tag.body.with(0, 0x17) } : tag,
      ),
    found: { code: "keyframe-spread", severity: "info", values: { leastSeconds: 0.7, mostSeconds: 2 } },
  },
  {
    name: "GOPs that end after a third, as OBS drops pictures",
    tags: (tags) =>
      tags.filter(
        (tag) => !isFrame(tag) || tag.timestamp < 24_000 || tag.timestamp > 28_000 || tag.timestamp % 2_000 < 700,
      ),
    found: { code: "frames-dropped", severity: "warning" },
  },
  {
    name: "half of the pictures",
    tags: (tags) => tags.filter((tag) => !isFrame(tag) || isKey(tag) || tag.timestamp % 2_000 < 34 || every(2)()),
    found: { code: "frame-rate", severity: "warning" },
  },
  {
    name: "a line that gives out everything each other second",
    playing: { delay: ({ timestamp }) => (timestamp % 2_000 < 1_000 ? 1_000 : 0) },
    found: { code: "bitrate-unstable", severity: "warning" },
  },
  {
    name: "an encoder at 0.8 of real time",
    playing: { delay: ({ timestamp }) => timestamp * 0.25 },
    found: { code: "not-real-time", severity: "error", values: { speed: 0.8 } },
  },
  {
    name: "twice the bitrate that is announced",
    tags: (tags) =>
      tags.map((tag) => (isFrame(tag) ? { ...tag, body: Buffer.concat([tag.body, tag.body, tag.body]) } : tag)),
    found: { code: "bitrate-above", severity: "warning" },
  },
  {
    name: "a fraction of the bitrate that is announced",
    recipe: { kbps: 2_000 },
    tags: (tags) => tags.map((tag) => (isFrame(tag) ? { ...tag, body: tag.body.subarray(0, 1_000) } : tag)),
    found: { code: "bitrate-below", severity: "info" },
  },
  {
    name: "B-frames where latency counts",
    recipe: { gop: 30, bFrames: 3 },
    playing: { latency: "ultra" },
    found: { code: "b-frames", severity: "info", values: { depth: 3, delayMs: 100 } },
  },
  {
    name: "a hole of a second in the sound",
    tags: (tags) => tags.filter((tag) => !isSound(tag) || tag.timestamp < 20_000 || tag.timestamp > 21_000),
    found: { code: "audio-gap", severity: "warning" },
  },
  {
    name: "sound of 44.1 kHz that says 48 kHz",
    tags: (tags) =>
      tags
        .map((tag) => (isSound(tag) ? { ...tag, timestamp: Math.round((tag.timestamp * 48) / 44.1) } : tag))
        .sort((a, b) => a.timestamp - b.timestamp),
    found: { code: "audio-drift", severity: "warning", values: { percent: 8.8 } },
  },
  {
    name: "sound 2 s behind",
    playing: { delay: (tag) => (isSound(tag) ? 2_000 : 0) },
    tags: (tags) =>
      tags.toSorted((a, b) => a.timestamp + (isSound(a) ? 2_000 : 0) - b.timestamp - (isSound(b) ? 2_000 : 0)),
    found: { code: "av-skew", severity: "warning" },
  },
  {
    name: "a clock that jumps ahead by an hour",
    tags: (tags) => moved(tags, 16_000, 3_600_000),
    found: { code: "timestamp-jump", severity: "warning", values: { jumps: 1 } },
  },
  {
    name: "a clock that jumps back by ten seconds",
    tags: (tags) => moved(tags, 20_000, -10_000),
    found: { code: "timestamp-jump", severity: "warning" },
  },
  {
    name: "no sound",
    tags: (tags) => tags.filter(({ kind }) => kind !== "audio"),
    found: { code: "no-audio", severity: "warning" },
  },
  {
    name: "no picture",
    tags: (tags) => tags.filter(({ kind }) => kind !== "video"),
    found: { code: "no-video", severity: "error" },
  },
  {
    name: "an encoder that died",
    tags: (tags) => tags.filter(({ timestamp }) => timestamp < 20_000),
    found: { code: "no-data", severity: "error", values: {} },
  },
  {
    name: "a level that is too low",
    recipe: { level: 30 },
    found: {
      code: "video-level",
      severity: "warning",
      values: { level: 3, neededLevel: 3.1, width: 1_280, height: 720 },
    },
  },
  {
    name: "4:4:4",
    recipe: { chroma: 3 },
    found: { code: "video-profile", severity: "error", values: { profile: 244, bitDepth: 8, chroma: 3 } },
  },
  { name: "interlaced", recipe: { isInterlaced: true, level: 32 }, found: { code: "interlaced", severity: "warning" } },
  {
    name: "HEVC",
    tags: (tags) =>
      tags.map((tag) => (tag.kind === "video" ? { ...tag, body: tag.body.with(0, (tag.body[0]! & 0xf0) | 12) } : tag)),
    found: { code: "video-codec", severity: "warning" },
  },
  {
    name: "MP3",
    tags: (tags) => tags.map((tag) => (tag.kind === "audio" ? { ...tag, body: tag.body.with(0, 0x2f) } : tag)),
    found: { code: "audio-codec", severity: "warning" },
  },
];

describe("each defect gives exactly its finding", () => {
  test.each(DEFECTS.map((defect) => [defect.name, defect] as const))(
    "%s",
    (_name, { recipe, tags, playing, found }) => {
      nth = 0;
      const made = synthesize({ ...CLEAN, ...recipe });
      const samples = play(tags?.(made) ?? made, 32, { delay: arrival, ...playing });
      expect(codesOf(samples.at(-1))).toEqual([found.code!]);
      expect(samples.at(-1)!.problems[0]).toMatchObject(found);
      // Nothing else at any moment before.
      expect(new Set(samples.flatMap((sample) => codesOf(sample)!))).toEqual(new Set([found.code!]));
      for (const { detail, fix } of samples.at(-1)!.problems) {
        expect(detail).toMatch(/^[A-Z0-9].{15,}\.$/);
        if (fix !== null) expect(fix).toMatch(/^OBS: [A-Z].{10,}\.$/);
      }
    },
  );
});

test("a publisher that is away, and one that comes back with a clock of its own", () => {
  const broadcast = openBroadcast();
  const health = new StreamHealth(ms(0));
  broadcast.subscribe(health);
  const tags = synthesize({ seconds: 10 });
  let next = 0;
  const until = (time: number, now: number) => {
    for (; next < tags.length && tags[next]!.timestamp < time; next++)
      broadcast.push(tags[next]!.kind, tags[next]!.timestamp, tags[next]!.body);
    return codesOf(health.sample(ms(now)));
  };
  for (let second = 1; second <= 10; second++) expect(until(second * 1_000, second * 1_000)).toEqual([]);
  broadcast.suspend(ms(10_000));
  for (let second = 11; second <= 18; second++) {
    const sample = health.sample(ms(second * 1_000));
    expect(sample.problems).toMatchObject([{ code: "publisher-away", values: { seconds: second - 11 } }]);
  }
  broadcast.resume(NOBODY, ms(18_000));
  next = 0;
  for (let second = 19; second <= 28; second++) expect(until((second - 18) * 1_000, second * 1_000)).toEqual([]);
});

test("law: any tags give samples, never an error", () => {
  const tag = fc.record({
    kind: fc.constantFrom("video" as const, "audio" as const, "script" as const),
    timestamp: fc.nat(0xffffffff),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 40 }), (tags) => {
      const broadcast = openBroadcast();
      const health = new StreamHealth(ms(0), "ultra");
      broadcast.subscribe(health);
      for (const [index, { kind, timestamp, body }] of tags.entries()) {
        broadcast.push(kind, timestamp, body);
        const sample = health.sample(ms(index * 500));
        expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
      }
    }),
    { numRuns: 300 },
  );
});

test("each finding stands in docs/encoder-doctor.md, with its values", async () => {
  const text = await Bun.file(`${import.meta.dir}/../../../docs/encoder-doctor.md`).text();
  const rows = new Map(
    [...text.matchAll(/^\| `([a-z-]+)` \| ([^|]+) \| [^|]+ \|([^|]*)\|$/gm)].map((row) => [row[1]!, row]),
  );
  const codes = new Set(["publisher-away", ...DEFECTS.map(({ found }) => found.code!)]);
  expect(new Set(rows.keys())).toEqual(codes);
  for (const { recipe, tags, playing } of DEFECTS) {
    const made = synthesize({ ...CLEAN, ...recipe });
    const { code, severity, values } = play(tags?.(made) ?? made, 32, { delay: arrival, ...playing }).at(-1)!
      .problems[0]!;
    const [, , severities, named] = rows.get(code)!;
    expect(severities).toContain(severity);
    expect([...named!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)).toEqual(Object.keys(values));
  }
});

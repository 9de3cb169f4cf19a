import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../bytes/units.ts";
import type { Codec } from "../flv/fourcc.ts";
import type { MediaTag } from "../live/media-tag.ts";
import { type EpochCause, type Kind, makeEpochSplitter } from "./epoch-splitter.ts";

function tag(kind: Kind, timestamp: number, extra: Partial<MediaTag> = {}): MediaTag {
  return {
    kind,
    timestamp: ms(timestamp),
    payload: new Uint8Array([kind === "video" ? 0x27 : 0xaf, 1]),
    codec: kind === "video" ? "avc1" : "mp4a",
    isConfig: false,
    isKeyframe: false,
    isEnhanced: false,
    trackId: 0,
    isControl: false,
    ...extra,
  };
}
const key = (timestamp: number): MediaTag => tag("video", timestamp, { isKeyframe: true });
const config = (kind: Kind, version = 0): MediaTag =>
  tag(kind, 0, { isConfig: true, payload: new Uint8Array([0x17, 0, version]) });

/** AMF0 of `onMetaData` as encoders write it: just the properties that matter. */
function metadata(...names: readonly string[]): MediaTag {
  const bytes: number[] = [2, 0, 10, ...Buffer.from("onMetaData"), 8, 0, 0, 0, names.length];
  for (const name of names) bytes.push(0, name.length, ...Buffer.from(name), 0, 0x40, 0x1c, 0, 0, 0, 0, 0, 0);
  const payload = new Uint8Array([...bytes, 0, 0, 9]);
  return { ...tag("video", 0), kind: "script", codec: "unsupported", isConfig: true, payload };
}
const BOTH = metadata("videocodecid", "audiocodecid");

interface Epoch {
  readonly cause: EpochCause;
  readonly codecs: readonly Codec[];
  readonly base: number;
  readonly frames: string[];
  isStopped: boolean;
}

function harness() {
  const epochs: Epoch[] = [];
  let dropped = 0;
  const splitter = makeEpochSplitter({
    onStart(plan, cause) {
      epochs.push({
        cause,
        codecs: plan.heads.map(({ codec }) => codec),
        base: plan.base,
        frames: [],
        isStopped: false,
      });
    },
    onFrame: ({ kind, timestamp }) => void epochs.at(-1)!.frames.push(`${kind[0]}${timestamp}`),
    onStop() {
      epochs.at(-1)!.isStopped = true;
    },
    onDrop: () => void dropped++,
  });
  const push = (...tags: readonly MediaTag[]): void => {
    for (const each of tags) splitter.push(each, each.timestamp);
  };
  /** Both tracks from one time to another, a keyframe first. */
  const run = (from: number, to: number, kinds: readonly Kind[] = ["video", "audio"]): void => {
    for (let at = from; at < to; at += 40) {
      if (kinds.includes("video")) push((at - from) % 2000 === 0 ? key(at) : tag("video", at));
      if (kinds.includes("audio")) push(tag("audio", at + 5));
    }
  };
  return { epochs, splitter, push, run, dropped: () => dropped };
}

test("frames of another codec wait for its configuration", () => {
  const { epochs, push, run, dropped } = harness();
  const mp3 = (timestamp: number) => tag("audio", timestamp, { codec: ".mp3" });
  push(config("video"), key(0), mp3(5), mp3(31));
  push(tag("audio", 60), tag("audio", 80));
  expect(epochs.map(({ frames }) => frames)).toEqual([["v0", "a5", "a31"]]);
  expect(dropped()).toBe(2);
  push(config("audio"));
  run(2_000, 2_080);
  expect(epochs.map(({ codecs }) => codecs)).toEqual([
    ["avc1", ".mp3"],
    ["avc1", "mp4a"],
  ]);
});

describe("the beginning of an epoch", () => {
  test("what the metadata promises is waited for, and no longer", () => {
    const { epochs, push } = harness();
    push(BOTH, config("video"), key(0), tag("video", 40));
    expect(epochs).toHaveLength(0);
    push(config("audio"), tag("audio", 60));
    expect(epochs).toMatchObject([{ cause: "first", codecs: ["avc1", "mp4a"], base: 0, frames: ["v0", "v40", "a60"] }]);
  });

  test("a promise of one track starts at once", () => {
    const { epochs, push } = harness();
    push(metadata("audiocodecid"), config("audio"), tag("audio", 7));
    expect(epochs).toMatchObject([{ codecs: ["mp4a"], base: 7, frames: ["a7"] }]);
  });

  test("without metadata both tracks start at once, one waits a second for the other", () => {
    const both = harness();
    both.push(config("audio"), config("video"), tag("audio", 0), key(10));
    expect(both.epochs).toMatchObject([{ codecs: ["avc1", "mp4a"], base: 10, frames: ["a0", "v10"] }]);
    const one = harness();
    one.push(config("audio"));
    one.run(0, 960, ["audio"]);
    expect(one.epochs).toHaveLength(0);
    one.run(960, 1200, ["audio"]);
    expect(one.epochs).toMatchObject([{ codecs: ["mp4a"], base: 5 }]);
    expect(one.epochs[0]!.frames).toHaveLength(30);
  });

  test("a promised track that never comes is given up", () => {
    const { epochs, push, run } = harness();
    push(BOTH, config("video"));
    run(0, 1960, ["video"]);
    expect(epochs).toHaveLength(0);
    run(1960, 2200, ["video"]);
    expect(epochs).toMatchObject([{ codecs: ["avc1"], base: 0 }]);
  });

  test("pictures before the first keyframe are dropped, their sound as well", () => {
    const { epochs, push } = harness();
    push(BOTH, config("video"), config("audio"), tag("video", 0), tag("audio", 3), tag("video", 40), tag("audio", 990));
    push(key(1000), tag("audio", 1010));
    expect(epochs).toMatchObject([{ base: 1000, frames: ["a990", "v1000", "a1010"] }]);
  });

  test("MP3 has no configuration message", () => {
    const { epochs, push } = harness();
    push(metadata("audiocodecid"), tag("audio", 0, { codec: ".mp3", payload: new Uint8Array([0x2f, 0xff]) }));
    expect(epochs).toMatchObject([{ codecs: [".mp3"], frames: ["a0"] }]);
  });

  test("other tracks of a multitrack stream and control tags are not for us", () => {
    const { epochs, push } = harness();
    push(metadata("videocodecid"), config("video"), key(0));
    push(tag("video", 40, { trackId: 1 }), tag("video", 40, { isControl: true }), tag("video", 80));
    expect(epochs).toMatchObject([{ frames: ["v0", "v80"] }]);
  });
});

describe("the end of an epoch", () => {
  function running() {
    const all = harness();
    all.push(BOTH, config("video"), config("audio"));
    all.run(0, 2000);
    expect(all.epochs).toHaveLength(1);
    return all;
  }

  test("the same configuration again is nothing new, another one is", () => {
    const { epochs, push, run } = running();
    push(config("video"), config("audio"));
    run(2000, 4000);
    expect(epochs).toHaveLength(1);
    push(config("video", 1));
    expect(epochs[0]!.isStopped).toBeTrue();
    run(4000, 6000);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toMatchObject({ cause: "config", codecs: ["avc1", "mp4a"], base: 4000 });
  });

  test("jitter of the clock is not a jump; a step back, or forward by more than two seconds, is", () => {
    const { epochs, push, run } = running();
    push(tag("video", 2000), tag("video", 1900), tag("audio", 2030), tag("audio", 1990), tag("video", 3500));
    expect(epochs).toHaveLength(1);
    run(20_000, 22_000);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toMatchObject({ cause: "jump", base: 20_000 });
    run(0, 2000);
    expect(epochs[2]).toMatchObject({ cause: "jump", base: 0 });
    expect(epochs[2]!.frames.every((frame) => Number(frame.slice(1)) < 2100)).toBeTrue();
  });

  test("a track that stays away is lost, and comes back as another epoch", () => {
    const { epochs, run, push } = running();
    run(2000, 6000, ["audio"]);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toMatchObject({ cause: "tracks", codecs: ["mp4a"] });
    // Not before something can be decoded.
    push(tag("video", 6000), tag("audio", 6005));
    expect(epochs).toHaveLength(2);
    run(6040, 8000);
    expect(epochs).toHaveLength(3);
    expect(epochs[2]).toMatchObject({ cause: "tracks", codecs: ["avc1", "mp4a"], base: 6040 });
  });

  test("a track that appears is another epoch", () => {
    const { epochs, push, run } = harness();
    push(config("audio"));
    run(0, 3000, ["audio"]);
    expect(epochs).toMatchObject([{ codecs: ["mp4a"] }]);
    push(config("video"));
    run(3000, 5000);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toMatchObject({ cause: "tracks", codecs: ["avc1", "mp4a"], base: 3000 });
  });

  test("a restart leaves out what was delivered, up to the next keyframe", () => {
    const { epochs, splitter, push, run } = running();
    splitter.restart(ms(2500));
    expect(epochs[0]!.isStopped).toBeTrue();
    // The broadcast's replay, then live.
    push(config("video"), config("audio"));
    run(2000, 6000);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toMatchObject({ cause: "restart", base: 4000 });
  });

  test("a restart after which the clock jumped does not wait for the old one", () => {
    const { epochs, splitter, run } = running();
    splitter.restart(ms(50_000_000));
    run(0, 2000);
    expect(epochs).toHaveLength(2);
    expect(epochs[1]).toMatchObject({ cause: "jump", base: 0 });
  });
});

test("whatever comes: epochs begin with a keyframe, keep their time and their tracks", () => {
  const any = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ step: fc.integer({ min: 1, max: 60 }), kind: fc.constantFrom("video", "audio", "key") }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        step: fc.integer({ min: -9000, max: 9000 }),
        kind: fc.constantFrom("video", "audio", "key", "video config", "audio config", "restart"),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 400 }), fc.boolean(), (steps, isAnnounced) => {
      const { epochs, push, splitter } = harness();
      if (isAnnounced) push(BOTH);
      push(config("video"), config("audio"));
      let at = 10_000;
      for (const { step, kind } of steps) {
        at = Math.max(0, at + step);
        if (kind === "restart") splitter.restart(ms(at));
        else if (kind === "video config") push(config("video", at & 3));
        else if (kind === "audio config") push(config("audio", at & 3));
        else push(kind === "key" ? key(at) : tag(kind as Kind, at));
      }
      for (const { frames, codecs, base } of epochs) {
        const times = new Map<string, number>();
        for (const frame of frames) {
          const kind = frame[0]!;
          expect(codecs).toContain(kind === "v" ? "avc1" : "mp4a");
          const time = Number(frame.slice(1));
          const previous = times.get(kind) ?? base;
          expect(time - previous).toBeGreaterThanOrEqual(-250);
          expect(time - previous).toBeLessThanOrEqual(2_000);
          times.set(kind, Math.max(time, previous));
        }
        const first = frames.find((frame) => frame.startsWith("v"));
        if (first !== undefined) expect(Number(first.slice(1))).toBe(base);
      }
    }),
    { numRuns: 300, includeErrorInReport: true },
  );
}, 60_000);

import { describe, expect, test } from "bun:test";
import { ms, seconds } from "../bytes/units.ts";
import { makePackager } from "../packager/packager.ts";
import { modelEpoch } from "../packager/testing/model-broadcast.ts";
import { makeSegmentWindow, type SegmentWindow } from "../packager/window.ts";
import { makeWatcher, type Watcher } from "./watcher.ts";

const START = ms(Date.UTC(2026, 10, 24));
const FIRST = 1000;

/** A low-latency broadcast, watched as packaging does; `spoil` shows the watcher another window. */
function watch(
  spoil: (window: SegmentWindow) => SegmentWindow = (window) => window,
  minutes = 1,
): Watcher & { readonly looks: number } {
  const window = makeSegmentWindow({ startedAt: START, targetDurations: 6, partPrefix: FIRST });
  let looks = 0;
  const digest = (bytes: Uint8Array): string => {
    looks++;
    return String(Bun.hash(bytes));
  };
  const watcher = makeWatcher({ window: spoil(window), digest });
  const packager = makePackager(
    { firstNumber: FIRST, firstEpoch: FIRST, partTarget: seconds(0.5), showsParts: true },
    {
      ...window,
      onPart(rendition, part, segment) {
        window.setTime(ms(START + ((part.time + part.duration) * 1000) / segment.timescale));
        window.onPart(rendition, part, segment);
      },
      onSegment(rendition, segment) {
        window.setTime(ms(START + ((segment.time + segment.duration) * 1000) / segment.timescale));
        window.onSegment(rendition, segment);
        watcher.changed();
      },
    },
  );
  const video = { fps: 30, gops: new Array<number>(30 * minutes).fill(60), reorder: 0, jitter: [], width: 640 };
  const audio = { sampleRate: 48_000, startMs: 0, jitter: [], hole: null, lagMs: 0 };
  const { tracks, inputs } = modelEpoch({ video, audio, pauseMs: 0 });
  packager.beginEpoch(tracks, ms(0));
  for (const { track, sample } of inputs) packager.push(track, sample);
  packager.endEpoch();
  window.end();
  watcher.changed();
  return Object.assign(watcher, { looks });
}

/** The same window with another view, or other answers. */
const spoiled = (window: SegmentWindow, changes: Partial<SegmentWindow>): SegmentWindow =>
  Object.create(window, Object.getOwnPropertyDescriptors(changes)) as SegmentWindow;

describe("the watcher of our own output", () => {
  test("finds nothing in what the packager makes, and reads every segment and part once", () => {
    const watcher = watch();
    expect(watcher.verdict).toEqual({ rules: [], must: 0, should: 0 });
    // Two renditions of 30 segments of four or five parts each, and an init segment.
    expect(watcher.looks).toBeGreaterThan(2 * 30 * 5);
    expect(watcher.looks).toBeLessThan(2 * 30 * 7);
  });

  test("remembers no more of a long broadcast than of a short one", () => {
    const whole = (window: SegmentWindow) => window;
    const [short, long] = [watch(whole, 3), watch(whole, 10)];
    expect(long.verdict).toEqual({ rules: [], must: 0, should: 0 });
    expect(long.looks).toBeGreaterThan(3 * short.looks);
    expect(long.remembered).toBeLessThan(1.1 * short.remembered);
  });

  test("finds a target duration that moves", () => {
    const { verdict } = watch((window) =>
      spoiled(window, {
        get view() {
          const { view } = window;
          if (view === null) return null;
          return view.version % 40 > 20 ? { ...view, targetDuration: view.targetDuration + 1 } : view;
        },
      }),
    );
    const found = verdict.rules.find(({ rule }) => rule === "hls.constants");
    expect(found).toMatchObject({ severity: "must", first: { where: "video/index.m3u8" } });
    expect(found!.count).toBeGreaterThan(1);
    expect(verdict.must).toBeGreaterThanOrEqual(found!.count);
  });

  test("finds segments that come too late", () => {
    let isLate = false;
    const { verdict } = watch((window) =>
      spoiled(window, {
        get view() {
          const { view } = window;
          if (view === null) return null;
          isLate ||= view.renditions[0]!.segments.at(-1)!.number >= FIRST + 8;
          return isLate ? { ...view, changedAt: ms(view.changedAt + 3000) } : view;
        },
      }),
    );
    expect(verdict.rules.map(({ rule }) => rule)).toContain("hls.update-cadence");
  });

  test("finds segments that go too early", () => {
    const { verdict } = watch((window) =>
      spoiled(window, {
        segment(rendition, number) {
          const isListed = window.view?.renditions.some(({ segments }) =>
            segments.some((each) => each.number === number),
          );
          return isListed ? window.segment(rendition, number) : null;
        },
      }),
    );
    expect(verdict.rules.map(({ rule }) => rule)).toEqual(["http.removed-answers"]);
    expect(verdict.rules[0]!.first.detail).toContain("404");
  });

  test("finds bytes that are not what the playlist says", () => {
    const { verdict } = watch((window) =>
      spoiled(window, {
        segment(rendition, number) {
          const found = window.segment(rendition, number);
          return found === null || number !== FIRST + 8 ? found : { ...found, bytes: found.parts[0]!.bytes };
        },
      }),
    );
    const rules = verdict.rules.map(({ rule }) => rule);
    expect(rules).toContain("hls.extinf");
    expect(rules).toContain("hls.parts-are-segment");
  });
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ms, seconds } from "../bytes/units.ts";
import { makeWatcher, type Watcher } from "../conformance/watcher.ts";
import { renderMpd } from "./dash-mpd.ts";
import { renderMediaPlaylist } from "./hls-media.ts";
import { renderMultivariantPlaylist } from "./hls-multivariant.ts";
import { makePackager } from "./packager.ts";
import { type ModelEpoch, modelEpoch } from "./testing/model-broadcast.ts";
import type { BroadcastView } from "./view.ts";
import { makeSegmentWindow, PARTS_STAY, type SegmentWindow } from "./window.ts";

const FIRST = 28_000_000;
const STARTED_AT = ms(Date.UTC(2026, 10, 24));

interface Listed {
  readonly number: number;
  /** Discontinuity sequence number, as a player counts it. */
  readonly discontinuity: number;
  readonly seconds: number;
  readonly at: number;
  readonly map: string | null;
  readonly isGap: boolean;
}

interface Playlist {
  readonly target: number;
  readonly isIndependent: boolean;
  readonly isEnded: boolean;
  readonly segments: readonly Listed[];
}

/** A player's reading of a media playlist. */
function readPlaylist(text: string): Playlist {
  const value = (name: string) => Number(new RegExp(`^#EXT-X-${name}:(\\d+)$`, "m").exec(text)![1]);
  let number = value("MEDIA-SEQUENCE");
  let discontinuity = value("DISCONTINUITY-SEQUENCE");
  const segments: Listed[] = [];
  let map: string | null = null;
  let length = 0;
  let at = 0;
  let isGap = false;
  for (const line of text.split("\n")) {
    if (line === "#EXT-X-DISCONTINUITY") discontinuity++;
    else if (line.startsWith("#EXT-X-MAP:")) map = /URI="([^"]+)"/.exec(line)![1]!;
    else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) at = Date.parse(line.slice(25));
    else if (line === "#EXT-X-GAP") isGap = true;
    else if (line.startsWith("#EXTINF:")) length = Number.parseFloat(line.slice(8));
    else if (line !== "" && !line.startsWith("#")) {
      expect(line).toBe(`${number}.m4s`);
      segments.push({ number: number++, discontinuity, seconds: length, at, map: isGap ? null : map, isGap });
      isGap = false;
    }
  }
  return {
    target: value("TARGETDURATION"),
    isIndependent: text.includes("#EXT-X-INDEPENDENT-SEGMENTS"),
    isEnded: text.includes("#EXT-X-ENDLIST"),
    segments,
  };
}

const video = fc.record({
  fps: fc.constantFrom(25, 30, 60),
  gops: fc.array(fc.integer({ min: 20, max: 200 }), { minLength: 2, maxLength: 14 }),
  reorder: fc.integer({ min: 0, max: 2 }),
  jitter: fc.constant([]),
  width: fc.constantFrom(640, 1280),
});
const audio = fc.record({
  sampleRate: fc.constant(48000),
  startMs: fc.integer({ min: 0, max: 300 }),
  jitter: fc.constant([]),
  hole: fc.constant(null),
  lagMs: fc.integer({ min: -100, max: 200 }),
});
const pauseMs = fc.integer({ min: 0, max: 4000 });
const epoch: fc.Arbitrary<ModelEpoch> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ video, audio, pauseMs }) },
  { weight: 3, arbitrary: fc.record({ video, audio, pauseMs, ladder: fc.subarray([360, 180]) }) },
  { weight: 1, arbitrary: fc.record({ video, audio: fc.constant(null), pauseMs }) },
  { weight: 1, arbitrary: fc.record({ video: fc.constant(null), audio, pauseMs }) },
);

/** Cuts between keyframes leave segments of one frame, over which a ladder's picture may be shown whole. */
const SHORT_SEGMENTS: ModelEpoch = {
  video: { fps: 25, gops: [20, 62, 91, 62, 148], reorder: 1, jitter: [], width: 640 },
  audio: { sampleRate: 48000, startMs: 0, jitter: [], hole: null, lagMs: 0 },
  ladder: [180],
  pauseMs: 0,
};

/** Plays a broadcast in its own time and shows every view. */
function play(
  epochs: readonly ModelEpoch[],
  see: (view: BroadcastView, window: ReturnType<typeof makeSegmentWindow>) => void,
  isLow = false,
  dvr: { readonly seconds: number | null; readonly lag: number } | null = null,
) {
  const window = makeSegmentWindow({
    startedAt: STARTED_AT,
    targetDurations: 6,
    ...(isLow ? { partPrefix: FIRST } : {}),
    ...(dvr === null ? {} : { dvrSeconds: dvr.seconds }),
  });
  let version = 0;
  /** What the storage has not got yet: it is so many segments behind. */
  const storing: [string, number][] = [];
  const look = (): void => {
    if (window.view === null || window.view.version === version) return;
    version = window.view.version;
    see(window.view, window);
  };
  const packager = makePackager(
    { firstNumber: FIRST, firstEpoch: FIRST, partTarget: seconds(0.5), showsParts: isLow },
    {
      onSegment(rendition, segment) {
        window.setTime(ms(STARTED_AT + ((segment.time + segment.duration) * 1000) / segment.timescale));
        window.onSegment(rendition, segment);
        if (segment.kind === "media") storing.push([rendition, segment.number]);
        while (dvr !== null && storing.length > dvr.lag) window.stored(...storing.shift()!);
        look();
      },
      onPart(rendition, part, segment) {
        window.setTime(ms(STARTED_AT + ((part.time + part.duration) * 1000) / segment.timescale));
        window.onPart(rendition, part, segment);
        look();
      },
      onPartTarget: window.onPartTarget,
      onTargetDuration: window.onTargetDuration,
      onDependentCut: window.onDependentCut,
    },
  );
  let at = 0;
  for (const each of epochs) {
    const { tracks, inputs, lengthMs } = modelEpoch(each);
    packager.beginEpoch(tracks, ms(at + each.pauseMs));
    for (const { track, sample } of inputs) packager.push(track, sample);
    packager.endEpoch();
    at += each.pauseMs + lengthMs;
  }
  window.end();
  look();
  return window;
}

describe("playlist laws", () => {
  test("every reload of every playlist keeps what the ones before said", () => {
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 1, maxLength: 5 }), (epochs) => {
        /** What was ever said of a segment, by rendition and number. */
        const said = new Map<string, Listed>();
        const bytesOf = new Map<string, Uint8Array>();
        const before = new Map<string, Playlist>();
        let target: number | null = null;
        let peak = 0;
        play(epochs, (view, window) => {
          for (const rendition of view.renditions) {
            const playlist = readPlaylist(renderMediaPlaylist(view, rendition));
            target ??= playlist.target;
            expect(playlist.target).toBe(target);
            const previous = before.get(rendition.name);
            before.set(rendition.name, playlist);
            expect(playlist.segments.length).toBeGreaterThan(0);
            if (previous !== undefined) {
              // HLS §6.2.1: nothing but removal at the start and addition at the end; a claim given up stays given up.
              const [was, is] = [previous.segments[0]!.number, playlist.segments[0]!.number];
              expect(is).toBeGreaterThanOrEqual(was);
              expect(playlist.segments.at(-1)!.number).toBeGreaterThanOrEqual(previous.segments.at(-1)!.number);
              if (!previous.isIndependent) expect(playlist.isIndependent).toBeFalse();
              if (is > was) {
                const left = playlist.segments.reduce((sum, each) => sum + each.seconds, 0);
                expect(left).toBeGreaterThanOrEqual(3 * target);
              }
            }
            for (const segment of playlist.segments) {
              const key = `${rendition.name}/${segment.number}`;
              const known = said.get(key);
              if (known === undefined) said.set(key, segment);
              else expect(segment).toEqual(known);
              if (segment.isGap) continue;
              const found = window.segment(rendition.name, segment.number)!;
              const bytes = bytesOf.get(key) ?? found.bytes;
              bytesOf.set(key, bytes);
              expect(found.bytes).toBe(bytes);
              expect(segment.discontinuity).toBe(found.epoch.number);
              expect(segment.map).toBe(`init-${found.epoch.number}.mp4`);
              expect(window.init(rendition.name, found.epoch.number)).not.toBeNull();
              // Never ahead of the media, and by less than what is not printed.
              const late = STARTED_AT + (found.time * 1000) / found.timescale - segment.at;
              expect(late).toBeWithin(-1e-3, 1);
              expect(found.duration / found.timescale - segment.seconds).toBeWithin(-1e-8, 1e-5);
            }
            expect(playlist.isEnded).toBe(view.hasEnded);
          }
          // One clock: the same number has the same date in all renditions.
          const [first, second] = view.renditions.map(({ name }) => before.get(name)!);
          for (const segment of second?.segments ?? []) {
            const other = first!.segments.find(({ number }) => number === segment.number);
            if (other === undefined) continue;
            expect(segment.discontinuity).toBe(other.discontinuity);
            expect(Math.abs(segment.at - other.at)).toBeLessThanOrEqual(400);
          }
          const multivariant = renderMultivariantPlaylist(view, (name) => `${name}/index.m3u8`);
          const bandwidth = Number(/[:,]BANDWIDTH=(\d+)/.exec(multivariant)![1]);
          const average = Number(/AVERAGE-BANDWIDTH=(\d+)/.exec(multivariant)![1]);
          expect(average).toBeLessThanOrEqual(bandwidth);
          expect(bandwidth).toBeGreaterThanOrEqual(peak);
          if (view.renditions.length === 1) peak = bandwidth;
          expect(renderMpd(view, { timeUri: "/live/time", baseOf: (name) => `${name}/` })).toStartWith("<?xml");
        });
      }),
      { numRuns: 20, includeErrorInReport: true },
    );
  }, 60_000);

  for (const isLow of [false, true]) {
    test(`the conformance rules find nothing in any view of a ${isLow ? "low-latency" : "plain"} broadcast`, () => {
      fc.assert(
        fc.property(fc.array(epoch, { minLength: 1, maxLength: 3 }), (epochs) => {
          let watcher: Watcher | null = null;
          const window = play(
            epochs,
            (_, shown) => {
              watcher ??= makeWatcher({ window: shown, digest: (bytes) => String(Bun.hash(bytes)), isEager: true });
              watcher.changed();
            },
            isLow,
          );
          expect(window.view?.hasEnded).toBe(true);
          expect(watcher!.verdict.rules).toEqual([]);
        }),
        { numRuns: isLow ? 6 : 15, includeErrorInReport: true, examples: [[[SHORT_SEGMENTS]]] },
      );
    }, 60_000);
  }

  for (const isLow of [false, true]) {
    test(`nor where players rewind, ${isLow ? "with" : "without"} parts; what is listed is in memory or in the storage`, () => {
      const dvr = fc.record({ seconds: fc.constantFrom(10, 30, null), lag: fc.integer({ min: 0, max: 12 }) });
      fc.assert(
        fc.property(fc.array(epoch, { minLength: 1, maxLength: isLow ? 2 : 4 }), dvr, (epochs, given) => {
          let watcher: Watcher | null = null;
          const said = new Map<string, Listed>();
          const spans = new Map<string, string>();
          let fromStorage = 0;
          const window = play(
            epochs,
            (view, shown) => {
              watcher ??= makeWatcher({ window: shown, digest: (bytes) => String(Bun.hash(bytes)), isEager: true });
              watcher.changed();
              for (const rendition of view.renditions) {
                const playlist = readPlaylist(renderMediaPlaylist(view, rendition));
                if (given.seconds === null)
                  expect(playlist.segments[0]!.number).toBe(
                    said.get(rendition.name)?.number ?? playlist.segments[0]!.number,
                  );
                for (const segment of playlist.segments) {
                  const key = `${rendition.name}/${segment.number}`;
                  const known = said.get(key);
                  if (known === undefined) said.set(key, segment);
                  else expect(segment).toEqual(known);
                  if (segment.isGap) continue;
                  const inMemory = shown.segment(rendition.name, segment.number);
                  if (inMemory === null) fromStorage++;
                  const found = inMemory ?? shown.past(rendition.name, segment.number)!;
                  expect(segment.seconds).toBeCloseTo(found.duration / found.timescale, 4);
                  expect(segment.map).toBe(`init-${found.epoch.number}.mp4`);
                  expect(shown.init(rendition.name, found.epoch.number)).not.toBeNull();
                }
                const last = playlist.segments.at(-1)!.number;
                const first = playlist.segments[0]!.number;
                expect(playlist.segments.length).toBe(last - first + 1);
                if (!said.has(rendition.name)) said.set(rendition.name, playlist.segments[0]!);
                spans.set(rendition.name, `${first}-${last}`);
              }
            },
            isLow,
            given,
          );
          expect(watcher!.verdict.rules).toEqual([]);
          // What has ended reads the same when it has left memory.
          const read = () => window.view!.renditions.map((each) => renderMediaPlaylist(window.view!, each));
          const mpd = () => renderMpd(window.view!, { timeUri: "/live/time", baseOf: (name) => `${name}/` });
          const before = [...read(), mpd().replace(/<S [^>]*>/g, "")];
          for (const rendition of window.view!.renditions)
            for (const segment of rendition.segments) window.stored(rendition.name, segment.number);
          // Players have playlists of a moment before the end, which list parts.
          const { changedAt, targetDuration, renditions } = window.view!;
          const listed = renditions.flatMap(({ name, segments }) =>
            segments
              .slice(-2)
              .flatMap((segment) =>
                (segment.kind === "media" ? segment.parts : []).map(({ index }) => ({ name, index })),
              ),
          );
          const kept = () => listed.filter(({ name, index }) => window.part(name, index) !== null).length;
          window.retire(changedAt);
          if (isLow) expect(kept()).toBe(listed.length);
          window.retire(ms(changedAt + PARTS_STAY * targetDuration * 1000));
          expect(kept()).toBe(0);
          expect(window.size).toBe(0);
          expect([...read(), mpd().replace(/<S [^>]*>/g, "")]).toEqual(before);
          expect(fromStorage).toBeGreaterThanOrEqual(0);
        }),
        { numRuns: isLow ? 4 : 12, includeErrorInReport: true },
      );
    }, 60_000);
  }

  test("removed segments answer until no playlist in anybody's hands lists them", () => {
    const model: ModelEpoch = {
      video: { fps: 30, gops: new Array(40).fill(60), reorder: 0, jitter: [], width: 640 },
      audio: null,
      pauseMs: 0,
    };
    /** Number to the time of its removal and the longest playlist before. */
    const removedAt = new Map<number, number>();
    let longest = 0;
    let known: number[] = [];
    let sizes = 0;
    play([model], (view, window) => {
      const { segments } = view.renditions[0]!;
      for (const number of known) {
        if (!segments.some((segment) => segment.number === number) && !removedAt.has(number)) {
          removedAt.set(number, view.changedAt);
        }
      }
      known = segments.map(({ number }) => number);
      longest = Math.max(longest, segments.length * 2000);
      for (const [number, at] of removedAt) {
        const isNeeded = view.changedAt < at + 2000 + longest - 2000;
        if (isNeeded) expect(window.segment("video", number)).not.toBeNull();
        // And no longer than a little more: memory is bounded.
        if (view.changedAt > at + 2000 + longest + 4000) expect(window.segment("video", number)).toBeNull();
      }
      sizes = Math.max(sizes, window.size);
    });
    expect(removedAt.size).toBeGreaterThan(10);
  });
});

test("four hours that players may rewind hold no more media in memory than ten minutes", () => {
  const measure = (minutes: number) => {
    const model: ModelEpoch = {
      // One picture a second keeps the test short: what is held does not depend on it.
      video: { fps: 1, gops: new Array(minutes * 30).fill(2), reorder: 0, jitter: [], width: 640 },
      audio: null,
      pauseMs: 0,
    };
    let most = 0;
    const see = (_: BroadcastView, shown: SegmentWindow): void => {
      most = Math.max(most, shown.size);
    };
    const window = play([model], see, false, { seconds: null, lag: 2 });
    const { view } = window;
    return { most, segments: view!.renditions[0]!.past!.to - view!.renditions[0]!.past!.from };
  };
  const [short, long] = [measure(10), measure(240)];
  expect(long.segments).toBeGreaterThan(7_000);
  expect(long.most).toBeLessThanOrEqual(short.most * 1.01);
}, 60_000);

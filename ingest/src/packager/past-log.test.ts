import { expect, test } from "bun:test";
import { ms, seconds } from "../bytes/units.ts";
import { mediaPlaylistPieces } from "./hls-media.ts";
import type { EpochInfo, MediaSegment } from "./segment.ts";
import { audioTrack, videoTrack } from "./testing/model-broadcast.ts";
import { makeSegmentWindow } from "./window.ts";

const nothing = new Uint8Array(0);
const VIDEO = { rendition: "video", track: videoTrack(1280), timescale: 90_000, init: nothing };
const AUDIO = { rendition: "audio", track: audioTrack(48_000), timescale: 48_000, init: nothing };
const epoch: EpochInfo = { number: 5, isFirst: true, firstNumber: 1_000, startsAt: ms(0), tracks: [VIDEO, AUDIO] };
const SIZE = 4_000;

const segment = (number: number, timescale: number): MediaSegment => ({
  kind: "media",
  number,
  epoch,
  timescale,
  time: (number - 1_000) * 2 * timescale,
  duration: 2 * timescale,
  isIndependent: true,
  parts: [],
  bytes: new Uint8Array(SIZE),
});

/** `hours` of a broadcast, all of it stored at once. */
function broadcast(hours: number, dvrSeconds: number | null) {
  const window = makeSegmentWindow({ startedAt: ms(0), targetDurations: 6, dvrSeconds });
  window.onTargetDuration(2);
  for (let number = 1_000; number < 1_000 + hours * 1_800; number++) {
    window.setTime(ms((number - 999) * 2_000));
    for (const { rendition, timescale } of [VIDEO, AUDIO]) {
      window.onSegment(rendition, segment(number, timescale));
      window.stored(rendition, number);
    }
  }
  return window;
}

test("media in memory does not grow with how far viewers may rewind, nor with the broadcast", () => {
  const short = broadcast(1, null);
  const long = broadcast(6, null);
  expect(long.size).toBe(short.size);
  expect(long.size).toBeLessThan(40 * SIZE);
  const past = long.view!.renditions[0]!.past!;
  expect(past.to - past.from).toBeGreaterThan(6 * 1_800 - 20);
  expect(long.past("video", 1_000)).toMatchObject({ kind: "media", size: SIZE, time: 0 });
});

test("four hours of lines and numbers cost less than a few megabytes, and less is kept where less may be rewound", () => {
  const used = (window: unknown): number => {
    expect(window).toBeDefined();
    Bun.gc(true);
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  const before = used(0);
  const long = broadcast(4, null);
  expect(used(long) - before).toBeLessThan(12_000_000);
  const { past } = broadcast(4, 600).view!.renditions[0]!;
  expect(past!.to - past!.from).toBeLessThan(310);
  expect(past!.log.end - past!.log.first).toBeLessThan(1_000);
});

test("a long playlist is rendered by copying: its middle is not written anew", () => {
  const window = broadcast(4, null);
  const view = window.view!;
  const [video] = view.renditions;
  const { past, tail } = mediaPlaylistPieces(view, video!);
  expect(past!.length).toBeGreaterThan(400_000);
  expect(tail.length).toBeLessThan(2_000);
  // The same memory, not a copy for each.
  const again = mediaPlaylistPieces(view, video!).past!;
  expect(again.buffer === past!.buffer || again.length === past!.length).toBe(true);
  const { head, past: skipped } = mediaPlaylistPieces(view, video!, { skip: true });
  expect(head).toMatch(/#EXT-X-SKIP:SKIPPED-SEGMENTS=7\d{3}\n/);
  expect(skipped!.length).toBe(0);
  expect(seconds(view.renditions[0]!.past!.log.seconds(1_000, 1_010))).toBeCloseTo(20, 6);
});

import { expect, test } from "bun:test";
import { makeQuality, type QualitySample } from "./make-quality.ts";

/** Looks four times a second at a video that stands at what `time` says. */
function run(seconds: number, time: (at: number) => number, more: (at: number) => Partial<QualitySample> = () => ({})) {
  const quality = makeQuality();
  for (let at = 0; at <= seconds * 1_000; at += 250)
    quality.look({
      at,
      currentTime: time(at),
      resting: false,
      player: "hls",
      levelId: "0",
      latency: null,
      frames: at / 25,
      dropped: 0,
      ...more(at),
    });
  return quality;
}

test("a minute that plays is played, with its frames and its mean latency; the next report begins anew", () => {
  const quality = run(
    60,
    (at) => at / 1_000,
    (at) => ({ latency: at < 30_000 ? 1_000 : 2_000 }),
  );
  quality.joined(412.6);
  const { latencyMs, ...report } = quality.take()!;
  expect(report).toEqual({
    player: "hls",
    joinMs: 413,
    playedMs: 60_000,
    stalledMs: 0,
    stalls: 0,
    switches: 0,
    frames: 2_400,
    dropped: 0,
    errors: 0,
  });
  expect(latencyMs).toBeWithin(1_495, 1_510);
  expect(quality.take()).toBeNull();
});

test("a picture that stands still is one stall for as long as it does", () => {
  const report = run(30, (at) => (at < 10_000 ? at : at < 14_000 ? 10_000 : at - 4_000) / 1_000).take();
  expect(report).toMatchObject({ stalls: 1, stalledMs: 4_000, playedMs: 26_000 });
});

test("before the first picture, paused, after a jump and asleep nothing stalls", () => {
  expect(run(20, () => 0).take()).toBeNull();
  const rests = (at: number) => at > 5_000 && at <= 8_000;
  const paused = run(
    10,
    (at) => Math.min(at, 5_000) / 1_000,
    (at) => ({ resting: rests(at) }),
  );
  expect(paused.take()).toMatchObject({ stalls: 0, stalledMs: 0, playedMs: 5_000 });
  const asleep = run(
    10,
    (at) => Math.min(at, 5_000) / 1_000,
    (at) => ({ at: at <= 5_000 ? at : at * 1_000 }),
  );
  expect(asleep.take()).toMatchObject({ stalls: 0, playedMs: 5_000 });
});

test("another level is a change of quality, another way of playing is none; counts that start over are not lost", () => {
  const quality = run(
    8,
    (at) => at / 1_000,
    (at) => ({
      levelId: at < 2_000 ? "0" : at < 4_000 ? "1" : "720p",
      player: at < 4_000 ? "hls" : "dash",
      dropped: at < 4_000 ? 5 : 2,
    }),
  );
  quality.failed();
  expect(quality.take()).toMatchObject({ player: "dash", switches: 1, dropped: 2, errors: 1 });
});

import { expect, test } from "bun:test";
import { makeWatchdog, type Verdict } from "./make-watchdog.ts";

/** Runs a clock at 4 Hz over `seconds` in which the video stands at what `currentTime` says, and collects what happens. */
function run(seconds: number, currentTime: (at: number) => number, resting: (at: number) => boolean = () => false) {
  const watchdog = makeWatchdog(() => 0.5);
  const seen: { at: number; verdict: Verdict }[] = [];
  for (let at = 0; at <= seconds * 1000; at += 250) {
    seen.push({ at, verdict: watchdog.look({ at, currentTime: currentTime(at), resting: resting(at) }) });
  }
  return { watchdog, seen, stalls: seen.filter(({ verdict }) => verdict.kind === "stall") };
}

test("a moving clock is progress and never a stall", () => {
  const { seen, stalls } = run(60, (at) => at / 1000);
  expect(stalls).toEqual([]);
  expect(seen.slice(1).every(({ verdict }) => verdict.kind === "progress")).toBe(true);
});

test("attempts come at growing distances, and every second late one rebuilds", () => {
  const { stalls } = run(40, () => 12);
  expect(stalls.map(({ at }) => at)).toEqual([4000, 5000, 7000, 11000, 19000, 27000, 35000]);
  const rebuilds = stalls.map(({ verdict }) => verdict.kind === "stall" && verdict.rebuild);
  expect(rebuilds).toEqual([false, false, true, false, true, false, true]);
});

test("an engine that gave up is not waited for", () => {
  const { watchdog } = run(1, () => 12);
  watchdog.hurry();
  expect(watchdog.look({ at: 1250, currentTime: 12, resting: false })).toEqual({
    kind: "stall",
    attempt: 1,
    rebuild: false,
  });
});

test("someone who paused is left alone, and has the full patience afterwards", () => {
  const { stalls } = run(
    65,
    () => 12,
    (at) => at < 60_000,
  );
  expect(stalls.map(({ at }) => at)).toEqual([63_750, 64_750]);
});

test("progress ends a recovery and the next stall starts from the beginning", () => {
  const { stalls } = run(20, (at) => (at >= 6000 && at < 8000 ? at / 1000 : 12));
  expect(stalls.map(({ at, verdict }) => [at, verdict.kind === "stall" ? verdict.attempt : 0])).toEqual([
    [4000, 1],
    [5000, 2],
    [12_000, 1],
    [13_000, 2],
    [15_000, 3],
    [19_000, 4],
  ]);
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { BufferModel } from "./buffer-model.ts";

function model(tracks = 1, resumeAt = 0.1) {
  const stalls: number[] = [];
  let starts = 0;
  const made = new BufferModel({ tracks, resumeAt, onStart: () => starts++, onStall: (ms) => stalls.push(ms) });
  return { made, stalls, starts: () => starts };
}

test("starts with the first media of every track, and stands still when one of them has none", () => {
  const { made, stalls, starts } = model(2);
  made.add(0, 2, null, 0);
  expect([made.playing, starts()]).toEqual(["joining", 0]);
  made.add(1, 1, null, 100);
  expect([made.playing, starts()]).toEqual(["playing", 1]);
  made.advance(1_600);
  expect([made.playing, made.played, made.stalled(1_600)]).toEqual(["stalled", 1_000, 500]);
  made.add(1, 1, null, 1_700);
  expect([made.playing, stalls]).toEqual(["playing", [600]]);
});

test("what lies before the place where it starts is not played", () => {
  const { made } = model();
  made.begin(0, 1.5);
  made.add(0, 1, null, 0);
  expect(made.playing).toBe("joining");
  made.add(0, 1, null, 0);
  expect([made.playing, made.ahead]).toEqual(["playing", 0.5]);
});

test("latency is the age of what is shown", () => {
  const { made } = model();
  made.add(0, 2, 1_000_000, 0);
  made.add(0, 2, 1_002_000, 0);
  made.advance(2_500);
  expect(made.latency(1_005_000)).toBe(2_500);
  made.advance(9_000);
  expect(made.latency(1_009_000)).toBeNull();
});

test("every moment is played or stalled, and no more is played than came", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 3 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const { made } = model(1, 0);
      let now = 0;
      let came = 0;
      let startedAt = Number.NaN;
      for (const [wait, seconds] of all) {
        now += wait;
        made.add(0, seconds, null, now);
        came += seconds * 1_000;
        if (Number.isNaN(startedAt)) startedAt = now;
      }
      now += 500;
      made.advance(now);
      expect(made.played).toBeLessThanOrEqual(came + 1e-6);
      expect(made.played + made.stalled(now)).toBeCloseTo(now - startedAt, 3);
    }),
  );
});

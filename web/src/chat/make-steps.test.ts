import { expect, test } from "bun:test";
import { type Clock, makeSteps } from "./make-steps.ts";

/** Time that goes on when it is told to; a frame is drawn every 16 ms. */
function makeTime() {
  let now = 0;
  let waiting: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    wait: (run, pause) => waiting.push({ at: now + pause, run }),
    frame: (run) => waiting.push({ at: Math.floor(now / 16) * 16 + 16, run }),
  };
  function pass(until: number): void {
    for (; now <= until; now++) {
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { run } of due) run();
    }
    now = until;
  }
  return { clock, pass };
}

test("a change after a pause is drawn with the next frame, and once", () => {
  const { clock, pass } = makeTime();
  const drawn: number[] = [];
  const { want } = makeSteps(() => drawn.push(clock.now()), clock);
  want();
  want();
  pass(15);
  expect(drawn).toEqual([]);
  pass(400);
  expect(drawn).toEqual([16]);
  want();
  pass(800);
  expect(drawn).toEqual([16, 416]);
});

test("fifty changes a second are drawn in less than ten steps, the last one included", () => {
  const { clock, pass } = makeTime();
  const drawn: number[] = [];
  const { want } = makeSteps(() => drawn.push(clock.now()), clock);
  for (let at = 0; at < 1_000; at += 20) {
    want();
    pass(at + 20);
  }
  pass(1_200);
  expect(drawn.length).toBeWithin(7, 11);
  expect(drawn.at(-1)).toBeGreaterThan(980);
});

test("nothing is drawn once it is stopped", () => {
  const { clock, pass } = makeTime();
  let drawn = 0;
  const { want, stop } = makeSteps(() => {
    drawn += 1;
  }, clock);
  want();
  stop();
  pass(500);
  want();
  pass(1_000);
  expect(drawn).toBe(0);
});

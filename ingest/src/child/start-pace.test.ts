import { expect, test } from "bun:test";
import fc from "fast-check";
import { makeStartPace } from "./start-pace.ts";

const INTERVAL = 5;

test("a burst starts at once, the rest one by one in their order, and after a pause a burst again", async () => {
  let now = () => 0;
  const pace = makeStartPace({ burst: 2, interval: INTERVAL, now: () => now() });
  const started: number[] = [];
  const last = Promise.withResolvers<void>();
  for (const index of [0, 1, 2, 3, 4]) {
    pace.inTurn(() => {
      started.push(index);
      if (index === 4) last.resolve();
    });
  }
  expect(started).toEqual([0, 1]);
  expect(pace.waiting).toBe(3);
  now = () => performance.now();
  await last.promise;
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(pace.waiting).toBe(0);
});

test("who gives its turn up is passed over, and giving up what has started changes nothing", async () => {
  let now = () => 0;
  const pace = makeStartPace({ burst: 1, interval: INTERVAL, now: () => now() });
  const started: string[] = [];
  const first = pace.inTurn(() => void started.push("first"));
  const second = pace.inTurn(() => void started.push("second"));
  const done = Promise.withResolvers<void>();
  pace.inTurn(() => {
    started.push("third");
    done.resolve();
  });
  second();
  second();
  first();
  now = () => performance.now();
  await done.promise;
  expect(started).toEqual(["first", "third"]);
});

test("law: never more than a burst and one for each interval that went by", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 3 * INTERVAL }), { maxLength: 60 }),
      (burst, pauses) => {
        let time = 0;
        // Whoever waits is left to its timer, which this clock never reaches: only those that start at once are counted.
        const pace = makeStartPace({ burst, interval: INTERVAL, now: () => time });
        const starts: number[] = [];
        const turns = pauses.map((pause) => {
          time += pause;
          return pace.inTurn(() => void starts.push(time));
        });
        for (const giveUp of turns) giveUp();
        for (const from of starts) {
          for (const to of starts) {
            if (to < from) continue;
            const count = starts.filter((at) => at >= from && at <= to).length;
            expect(count).toBeLessThanOrEqual(burst + Math.floor((to - from) / INTERVAL));
          }
        }
        expect(starts.length).toBeGreaterThanOrEqual(Math.min(pauses.length, burst));
      },
    ),
  );
});

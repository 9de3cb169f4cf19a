import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { workerNodeId, workerOf } from "./link.ts";
import { Places, STAYS_FOR } from "./places.ts";
import { restartDelay } from "./restart-delay.ts";

describe("places", () => {
  test("the newest has it; whoever had it before ends nothing any more", () => {
    const places = new Places();
    expect(places.start("a", 0)).toEqual(["a", { worker: 0, isLive: true }]);
    expect(places.start("a", 1)).toEqual(["a", { worker: 1, isLive: true }]);
    expect(places.end("a", 0, 0)).toBeNull();
    expect(places.holder("a")).toBe(1);
    expect(places.end("a", 1, 0)).toEqual(["a", { worker: 1, isLive: false }]);
    expect(places.holder("a")).toBeNull();
  });

  test("what is over is known for two minutes, what a dead worker had for no time", () => {
    const places = new Places();
    places.start("a", 0);
    places.end("a", 0, 1_000);
    expect(places.forget(1_000 + STAYS_FOR - 1)).toEqual([]);
    expect(places.entries()).toEqual([["a", { worker: 0, isLive: false }]]);
    expect(places.forget(1_000 + STAYS_FOR)).toEqual([["a", null]]);
    places.start("b", 0);
    places.start("c", 1);
    expect(places.drop(0)).toEqual([["b", null]]);
    expect(places.entries()).toEqual([["c", { worker: 1, isLive: true }]]);
  });

  test("whoever was told every change knows what the supervisor knows", () => {
    const worker = fc.integer({ min: 0, max: 2 });
    const slug = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("start" as const), slug, worker }),
      fc.record({ kind: fc.constant("end" as const), slug, worker }),
      fc.record({ kind: fc.constant("drop" as const), slug, worker }),
      fc.record({ kind: fc.constant("wait" as const), slug, worker }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const places = new Places();
        const told = new Map<string, unknown>();
        let now = 0;
        for (const { kind, slug, worker } of steps) {
          now += kind === "wait" ? STAYS_FOR / 2 : 1;
          const ended = kind === "end" ? places.end(slug, worker, now) : null;
          const changes =
            kind === "start"
              ? [places.start(slug, worker)]
              : kind === "drop"
                ? places.drop(worker)
                : kind === "wait"
                  ? places.forget(now)
                  : ended === null
                    ? []
                    : [ended];
          for (const [name, place] of changes) {
            if (place === null) told.delete(name);
            else told.set(name, place);
          }
        }
        expect([...told].sort()).toEqual(places.entries().sort());
      }),
    );
  });
});

test("a worker's name in the database leads back to its number, and no other machine's does", () => {
  for (const worker of [0, 1, 17]) expect(workerOf("node-x", workerNodeId("node-x", worker))).toBe(worker);
  for (const name of ["node-y", "node-x-", "node-x-0", "node-x-a", "node-xx-1"])
    expect(workerOf("node-x", name)).toBeNull();
});

test("a worker that crashes at once is started again after 0.2 s, then seldom, and never later than half a minute", () => {
  expect([1, 2, 3, 4].map(restartDelay)).toEqual([200, 400, 800, 1_600]);
  expect(restartDelay(100)).toBe(30_000);
});

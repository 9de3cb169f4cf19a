import { expect, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../bytes/units.ts";
import type { FinishedRecording } from "../live/ports.ts";
import { DEFAULT_RETENTION, type Retention, removals } from "./retention.ts";

const DAY = 86_400_000;
const NOW = ms(1_000 * DAY);
/** Ages in days and sizes in bytes, oldest first. */
const recordings = (...given: (readonly [age: number, size: number])[]): FinishedRecording[] =>
  given.map(([age, size], index) => ({ streamId: index + 1, endedAt: ms(NOW - age * DAY), size }));
const going = (
  of: readonly FinishedRecording[],
  settings: Partial<Retention>,
  free: number | null = null,
  watched = 0,
) =>
  removals(of, { ...DEFAULT_RETENTION, ...settings }, NOW, free, (id) => id === watched).map(
    ({ streamId, cause }) => `${streamId} ${cause}`,
  );
const three = recordings([30, 100], [20, 200], [10, 300]);

test.each([
  { name: "nothing is set", settings: {}, free: 0, gone: [] },
  { name: "some are too old", settings: { maxAgeDays: 15 }, free: null, gone: ["1 age", "2 age"] },
  { name: "all together are too large", settings: { maxBytes: 350 }, free: null, gone: ["1 size", "2 size"] },
  { name: "they fit exactly", settings: { maxBytes: 600 }, free: null, gone: [] },
  {
    name: "the disk has too little room",
    settings: { keepFreeBytes: 250 },
    free: 100,
    gone: ["1 free-space", "2 free-space"],
  },
  { name: "nobody knows how much room there is", settings: { keepFreeBytes: 250 }, free: null, gone: [] },
  {
    name: "one rule has made room for another",
    settings: { maxAgeDays: 25, maxBytes: 500 },
    free: null,
    gone: ["1 age"],
  },
])("when $name", ({ settings, free, gone }) => {
  expect(going(three, settings, free)).toEqual([...gone]);
});

test("what is watched stays, and the next one goes in its place", () => {
  expect(going(three, { maxBytes: 500 }, null, 1)).toEqual(["2 size"]);
});

test("the oldest go first, only as many as must, and never one that is watched", () => {
  const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 1_000 })), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      some,
      fc.integer({ min: 0, max: 6_000 }),
      fc.integer({ min: 0, max: 12 }),
      (given, maxBytes, watched) => {
        const all = recordings(...given.toSorted(([a], [b]) => b - a));
        const gone = removals(all, { ...DEFAULT_RETENTION, maxBytes }, NOW, null, (id) => id === watched);
        const ids = new Set(gone.map(({ streamId }) => streamId));
        expect(ids.has(watched)).toBe(false);
        const left = all.filter(({ streamId }) => !ids.has(streamId));
        const total = left.reduce((sum, { size }) => sum + size, 0);
        if (total > maxBytes) expect(left.every(({ streamId }) => streamId === watched)).toBe(true);
        // Without the last removal it would have been too much.
        const last = all.find(({ streamId }) => streamId === gone.at(-1)?.streamId);
        if (last !== undefined) expect(total + last.size).toBeGreaterThan(maxBytes);
      },
    ),
  );
});

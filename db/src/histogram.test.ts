import { expect, test } from "bun:test";
import fc from "fast-check";
import { emptyHistogram, JOIN_BOUNDS, LATENCY_BOUNDS, quantile, stepOf } from "./histogram.ts";

const BOUNDS = [10, 20, 50];
const countsOf = (values: readonly number[], bounds = BOUNDS) => {
  const counts = emptyHistogram(bounds);
  for (const value of values) counts[stepOf(bounds, value)]!++;
  return counts;
};

test("values lie in the first step that holds them", () => {
  expect(countsOf([0, 10, 10.1, 20, 50, 51, 1e9])).toEqual([2, 2, 1, 2]);
});

test("of nothing there is no quantile; what is above all bounds counts as the last", () => {
  expect(quantile(BOUNDS, emptyHistogram(BOUNDS), 0.5)).toBeNull();
  expect(quantile(BOUNDS, countsOf([1_000]), 0.5)).toBe(50);
  expect(quantile(BOUNDS, countsOf([15, 15, 15, 15]), 0.5)).toBe(15);
});

test("a quantile lies in the same step as the exact one, and never falls with its share", () => {
  const values = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 50 });
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  for (const bounds of [JOIN_BOUNDS, LATENCY_BOUNDS]) {
    fc.assert(
      fc.property(values, share, share, (given, a, b) => {
        const counts = countsOf(given, [...bounds]);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const answer = quantile(bounds, counts, low)!;
        expect(answer).toBeLessThanOrEqual(quantile(bounds, counts, high)!);
        const exact = [...given].sort((one, other) => one - other)[Math.max(0, Math.ceil(low * given.length) - 1)]!;
        const step = stepOf(bounds, exact);
        expect(answer).toBeGreaterThanOrEqual(Math.min(step === 0 ? 0 : bounds[step - 1]!, bounds.at(-1)!));
        expect(answer).toBeLessThanOrEqual((bounds[step] ?? bounds.at(-1)!) + 1e-6);
      }),
    );
  }
});

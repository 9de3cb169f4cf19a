import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { makeSeries } from "./make-series.ts";

describe("a series", () => {
  test("holds a day of seconds in its capacity, and keeps the mean", () => {
    const series = makeSeries(1, 1200);
    for (let second = 0; second < 86_400; second++) series.push(second, [second % 100]);
    expect(series.length).toBeLessThanOrEqual(1200);
    const [at, values] = series.rows();
    expect(at[0]).toBe(0);
    expect(at.at(-1)).toBeGreaterThan(86_400 - 2 * series.step);
    const mean = (values ?? []).reduce<number>((sum, value) => sum + (value ?? 0), 0) / (values?.length ?? 1);
    expect(mean).toBeCloseTo(49.5, 0);
  });

  test("is a line from left to right, whatever the clock does", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.option(fc.integer({ min: 0, max: 9 }), { nil: null }))),
        (samples) => {
          const series = makeSeries(1, 50);
          for (const [at, value] of samples) series.push(at, [value]);
          const [at, values] = series.rows();
          expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
          expect(values).toHaveLength(at.length);
          expect(series.length).toBeLessThanOrEqual(50);
          for (const value of values ?? []) if (value !== null) expect(value).toBeWithin(0, 10);
        },
      ),
    ));

  test("has a gap where nothing came", () => {
    const series = makeSeries(2);
    series.push(1, [1, null]);
    series.push(2, [2, 5]);
    series.push(60, [3, 6]);
    expect(series.rows()).toEqual([
      [1, 2, 3, 60],
      [1, 2, null, 3],
      [null, 5, null, 6],
    ]);
    expect(series.rows(30)).toEqual([[60], [3], [6]]);
  });
});

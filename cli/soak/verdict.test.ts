import { expect, test } from "bun:test";
import fc from "fast-check";
import { judge, MIN_SAMPLES } from "./verdict.ts";

const BOUND = { name: "memory", share: 0.05, amount: 2 };
const series = (length: number, at: (index: number) => number) => Array.from({ length }, (_, index) => at(index));

test("what fills up first and stays is flat, what keeps growing is not", () => {
  expect(
    judge(
      series(60, (index) => Math.min(100, 40 + 5 * index)),
      BOUND,
    ),
  ).toEqual({
    name: "memory",
    early: 100,
    late: 100,
    isFlat: true,
  });
  expect(
    judge(
      series(60, (index) => 100 + index),
      BOUND,
    ).isFlat,
  ).toBeFalse();
});

test("one that leaks a handle a minute for half an hour is found", () => {
  expect(
    judge(
      series(180, (index) => 50 + Math.floor(index / 6)),
      BOUND,
    ).isFlat,
  ).toBeFalse();
});

test("too few samples are no verdict", () => {
  expect(() =>
    judge(
      series(MIN_SAMPLES - 1, () => 1),
      BOUND,
    ),
  ).toThrow(RangeError);
});

test("law: noise within the bound is flat, whatever its order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 105 }), { minLength: MIN_SAMPLES, maxLength: 100 }), (samples) => {
      expect(judge(samples, BOUND).isFlat).toBeTrue();
    }),
  );
});

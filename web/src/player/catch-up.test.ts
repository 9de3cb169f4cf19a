import { expect, test } from "bun:test";
import { CATCH_UP_RATE, catchUpRate } from "./catch-up.ts";

const pace = { latency: 0.8, target: 0.6, ahead: 0.5, partTarget: 0.2 };

test("plays faster from a twentieth of a second behind the target until it is there", () => {
  expect(catchUpRate(pace, false)).toBe(CATCH_UP_RATE);
  expect(catchUpRate({ ...pace, latency: 0.64 }, false)).toBe(1);
  expect(catchUpRate({ ...pace, latency: 0.64 }, true)).toBe(CATCH_UP_RATE);
  expect(catchUpRate({ ...pace, latency: 0.605 }, true)).toBe(1);
});

test("does not hurry into an empty buffer, nor where it does not know", () => {
  expect(catchUpRate({ ...pace, ahead: 0.29 }, true)).toBe(1);
  expect(catchUpRate({ ...pace, latency: null }, true)).toBe(1);
  expect(catchUpRate({ ...pace, target: null }, true)).toBe(1);
});

import { expect, test } from "bun:test";
import { DEFAULT_SERVER_LIMITS, LimitError, limitsWith } from "./limits.ts";

test("given limits take the place of their defaults", () => {
  expect(limitsWith({})).toEqual(DEFAULT_SERVER_LIMITS);
  expect(limitsWith({ maxConnections: 7 })).toEqual({ ...DEFAULT_SERVER_LIMITS, maxConnections: 7 });
});

test.each([
  [{ maxConections: 7 }, "maxConnections"],
  [{ __proto__x: 1 }, "knows"],
  [{ toString: 1 } as unknown as Record<string, number>, "knows"],
  [{ idleTimeout: 0 }, "at least 1"],
])("%p is refused with what to change", (given, words) => {
  expect(() => limitsWith(given as Record<string, number>)).toThrow(LimitError);
  expect(() => limitsWith(given as Record<string, number>)).toThrow(words);
});

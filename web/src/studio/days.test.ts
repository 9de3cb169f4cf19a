import { expect, test } from "bun:test";
import { changeOf, lastDays } from "./days.ts";

test.each([
  [1, "2026-11-25", "2026-11-25"],
  [7, "2026-11-19", "2026-11-25"],
  [30, "2026-10-27", "2026-11-25"],
])("%d days up to a late evening", (days, from, to) =>
  expect(lastDays(days, Date.parse("2026-11-25T23:59:59Z"))).toEqual({ from, to }),
);

test.each([
  [150, 100, 0.5],
  [50, 100, -0.5],
  [5, 0, null],
  [0, 0, null],
])("%d after %d", (now, before, change) => expect(changeOf(now, before)).toBe(change));

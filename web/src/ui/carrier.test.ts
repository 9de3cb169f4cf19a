import { expect, test } from "bun:test";
import { carrierOf, hueOf } from "./carrier.ts";

test("a name always has the same picture, and two names have two", () => {
  expect(carrierOf("night-train")).toEqual(carrierOf("night-train"));
  expect(carrierOf("night-train").lines[0]).not.toBe(carrierOf("night-trail").lines[0]);
});

test.each(["", "a", "ночной-поезд", "x".repeat(500)])("any name makes valid path data: %s", (name) => {
  const { hue, lines } = carrierOf(name);
  expect(hue).toBeWithin(0, 361);
  expect(hueOf(name)).toBe(hue);
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line).toMatch(/^M-?[\d.]+ -?[\d.]+(Q(-?[\d.]+ ){3}-?[\d.]+)+$/);
});

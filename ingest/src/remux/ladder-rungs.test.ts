import { expect, test } from "bun:test";
import fc from "fast-check";
import { rungsFor } from "./ladder-rungs.ts";

const shown = (width: number, height: number) =>
  rungsFor({ width, height }).map((rung) => `${rung.name} ${rung.width}x${rung.height}`);

test("a sane ladder from the source's size", () => {
  expect(shown(1920, 1080)).toEqual(["720p 1280x720", "480p 854x480", "360p 640x360"]);
  expect(shown(1280, 720)).toEqual(["480p 854x480", "360p 640x360"]);
  expect(shown(854, 480)).toEqual(["360p 640x360"]);
  expect(shown(640, 360)).toEqual([]);
  expect(shown(1080, 1920)).toEqual(["720p 720x1280", "480p 480x854", "360p 360x640"]);
  expect(shown(0, 0)).toEqual([]);
});

test("never larger than the source, always even, in its shape", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8192 }), fc.integer({ min: 2, max: 8192 }), (width, height) => {
      for (const rung of rungsFor({ width, height })) {
        expect(rung.width).toBeLessThanOrEqual(width);
        expect(rung.height).toBeLessThanOrEqual(height);
        expect((rung.width % 2) + (rung.height % 2)).toBe(0);
        expect(Math.abs(rung.width / rung.height - width / height)).toBeLessThan((0.02 * width) / height);
      }
    }),
  );
});

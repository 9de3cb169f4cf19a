import { expect, test } from "bun:test";
import fc from "fast-check";
import { moved, partOf, zoomed } from "./crop.ts";

const size = fc.record({ width: fc.integer({ min: 1, max: 8000 }), height: fc.integer({ min: 1, max: 8000 }) });
const aspects = fc.constantFrom(1, 16 / 9);
const crops = fc.record({
  x: fc.double({ min: 0, max: 1, noNaN: true }),
  y: fc.double({ min: 0, max: 1, noNaN: true }),
  zoom: fc.double({ min: 1, max: 4, noNaN: true }),
});
const steps = fc.double({ min: -3, max: 3, noNaN: true });

test("the part has the frame's shape and lies within the picture, however it is moved and zoomed", () =>
  fc.assert(
    fc.property(crops, size, aspects, steps, steps, steps, (crop, picture, aspect, dx, dy, zoom) => {
      const part = partOf(moved(zoomed(crop, crop.zoom + zoom), picture, aspect, dx, dy), picture, aspect);
      expect(part.width / part.height).toBeCloseTo(aspect, 6);
      expect(part.left).toBeGreaterThanOrEqual(-1e-6);
      expect(part.top).toBeGreaterThanOrEqual(-1e-6);
      expect(part.left + part.width).toBeLessThanOrEqual(picture.width + 1e-6);
      expect(part.top + part.height).toBeLessThanOrEqual(picture.height + 1e-6);
    }),
  ));

test("who pushes against an edge comes back with the first step the other way", () => {
  const picture = { width: 400, height: 200 };
  let crop = { x: 0.5, y: 0.5, zoom: 1 };
  for (let i = 0; i < 50; i++) crop = moved(crop, picture, 1, -0.1, 0);
  expect(partOf(crop, picture, 1).left).toBe(0);
  expect(partOf(moved(crop, picture, 1, 0.1, 0), picture, 1).left).toBeCloseTo(20);
});

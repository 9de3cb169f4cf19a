import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { clampLimit, decodeCursor, encodeCursor, MAX_LIMIT, toPage } from "./cursor.ts";

setDefaultTimeout(60_000);

const key = fc.tuple(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }));

test("round trip", () => {
  fc.assert(fc.property(key, (numbers) => expect(decodeCursor(encodeCursor(numbers), 2)).toEqual(numbers)));
});

test("no cursor is the first page", () => {
  for (const none of [undefined, null, ""]) expect(decodeCursor(none, 2)).toBeNull();
});

test("whatever else a client sends is a typed error, never a number that a query could choke on", () => {
  const arbitrary = fc.oneof(
    fc.string({ minLength: 1, unit: "binary" }),
    fc.string({ minLength: 1 }).map((text) => Buffer.from(text).toString("base64url")),
    fc.array(fc.double(), { minLength: 1 }).map(encodeCursor),
  );
  fc.assert(
    fc.property(arbitrary, (text) => {
      try {
        const numbers = decodeCursor(text, 2);
        expect(numbers === null || numbers.every(Number.isSafeInteger)).toBe(true);
        if (numbers !== null) new Date(numbers[0]!).toISOString();
      } catch (error) {
        expect(error).toMatchObject({ code: "database.bad-cursor" });
      }
    }),
    { numRuns: 300 },
  );
});

test("limits are 1 to 100 whatever is asked for", () => {
  fc.assert(
    fc.property(fc.double(), (limit) => {
      const clamped = clampLimit(limit);
      expect(Number.isInteger(clamped) && clamped >= 1 && clamped <= MAX_LIMIT).toBe(true);
    }),
  );
});

test("a page that is exactly full is the last one", () => {
  expect(toPage([1, 2], 2, (row) => [row])).toEqual({ items: [1, 2], nextCursor: null });
  expect(toPage([1, 2, 3], 2, (row) => [row])).toEqual({ items: [1, 2], nextCursor: encodeCursor([2]) });
});

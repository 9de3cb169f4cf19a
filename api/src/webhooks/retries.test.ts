import { expect, test } from "bun:test";
import fc from "fast-check";
import { JITTER, RETRY_DELAYS, retryDelay } from "./retries.ts";

const random = fc.double({ min: 0, max: 1, noNaN: true });

test("law: each wait is that of the table or longer by its share at most, and none follows the last", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), random, (attempts, chance) => {
      const delay = retryDelay(attempts, chance, null);
      const planned = RETRY_DELAYS[attempts - 1];
      if (planned === undefined) expect(delay).toBeNull();
      else {
        expect(delay!).toBeGreaterThanOrEqual(planned);
        expect(delay!).toBeLessThanOrEqual(Math.ceil(planned * (1 + JITTER)));
      }
    }),
  );
});

test("law: a later attempt never waits less than the one before, whatever the chances", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: RETRY_DELAYS.length - 1 }), random, random, (attempts, one, two) => {
      expect(retryDelay(attempts + 1, two, null)!).toBeGreaterThanOrEqual(retryDelay(attempts, one, null)! - 1);
    }),
  );
});

test("law: what the receiver asks for makes a wait longer, never shorter, and brings no attempt back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), random, fc.nat(200_000), (attempts, chance, seconds) => {
      const plain = retryDelay(attempts, chance, null);
      expect(retryDelay(attempts, chance, seconds)).toBe(plain === null ? null : Math.max(plain, seconds * 1_000));
    }),
  );
});

test("ten attempts take about three days", () => {
  const [least, most] = [0, 1].map((chance) =>
    RETRY_DELAYS.reduce((sum, _, n) => sum + retryDelay(n + 1, chance, null)!, 0),
  );
  expect([Math.floor(least! / 3_600_000), Math.floor(most! / 3_600_000)]).toEqual([75, 90]);
});

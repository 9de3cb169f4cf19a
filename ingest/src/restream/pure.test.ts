import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { retryDelay } from "./backoff.ts";
import { RELAY_STATES, type RelayEvent, type RelayState, transitionRelay } from "./state.ts";

describe("delays", () => {
  test("1 s to 60 s, doubling, shorter by up to 30 %", () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((failures) => retryDelay(failures, false, 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
    ] as ReturnType<typeof retryDelay>[]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, isDenied, random) => {
          const delay = retryDelay(failures, isDenied, random);
          expect(delay).toBeGreaterThanOrEqual(isDenied ? 15_000 : 1_000);
          expect(delay).toBeLessThanOrEqual(60_000);
          expect(delay).toBeGreaterThanOrEqual(0.7 * (retryDelay(failures, isDenied, 0) - 1));
        },
      ),
    );
  });
});

describe("states", () => {
  test("whatever happens, live comes of connecting alone, and nothing but `begin` leads out of waiting", () => {
    const event = fc.constantFrom<RelayEvent>("begin", "started", "lost", "denied", "stop");
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state: RelayState = "off";
        for (const each of events) {
          const next = transitionRelay(state, each);
          if (next === "live") expect(state).toBe("connecting");
          if (next !== null && next !== "off" && ["off", "retrying", "refused"].includes(state))
            expect(each).toBe("begin");
          if (each === "stop") expect(next).toBe("off");
          state = next ?? state;
          expect(RELAY_STATES).toContain(state);
        }
      }),
    );
  });
});

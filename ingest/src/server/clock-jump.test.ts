import { expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import { afterJump, makeClockWatch } from "./clock-jump.ts";

const HOUR = 3_600_000;

test("a clock that is set is told from one that goes on, or ticks late", () => {
  const watch = makeClockWatch();
  expect(watch.jump(ms(10_000), 0)).toBe(0);
  expect(watch.jump(ms(11_000), 1_000)).toBe(0);
  expect(watch.jump(ms(41_020), 31_000)).toBe(0);
  expect(watch.jump(ms(42_020 + HOUR), 32_000)).toBe(HOUR);
  expect(watch.jump(ms(43_020), 33_000)).toBe(-HOUR);
});

test("what waited goes on waiting as long as it has; what came after the jump is new", () => {
  const now = ms(10 * HOUR);
  expect(afterJump(ms(now - HOUR - 2_000), HOUR, now)).toBe(ms(now - 2_000));
  expect(afterJump(ms(now - 5), HOUR, now)).toBe(now);
  expect(afterJump(ms(now + HOUR - 2_000), -HOUR, now)).toBe(ms(now - 2_000));
  expect(afterJump(ms(now - 5), -HOUR, now)).toBe(ms(now - 5));
});

/** The wall clock may be set while connections wait: by NTP, by a hand, or after a machine has slept. Deadlines count time that has passed. */
import { type Milliseconds, ms } from "../bytes/units.ts";

/** Where a moment lies after the clock has jumped `by`, if it was before that; a moment from after the jump stays. `now`: by the clock of now. */
export function afterJump(since: Milliseconds, by: number, now: Milliseconds): Milliseconds {
  if (by > 0) return ms(Math.min(since + by, now));
  return since > now ? ms(since + by) : since;
}

export interface ClockWatch {
  /** How far the wall clock has jumped since the last call, in milliseconds; 0 when it only went on. */
  jump(wall: Milliseconds, passed: number): number;
}

/** What the two clocks may differ by in a moment without anybody having set one. */
const TOLERANCE = 1_000;

/** `passed`: of a clock that only goes on, such as performance.now. */
export function makeClockWatch(): ClockWatch {
  let last: { readonly wall: number; readonly passed: number } | null = null;
  return {
    jump(wall, passed) {
      const before = last;
      last = { wall, passed };
      if (before === null) return 0;
      const by = wall - before.wall - (passed - before.passed);
      return Math.abs(by) > TOLERANCE ? by : 0;
    },
  };
}

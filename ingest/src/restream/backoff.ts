/** When a target is tried again. */
import { type Milliseconds, ms } from "../bytes/units.ts";

const FIRST = 1_000;
const LONGEST = 60_000;
/** A service that said no is not asked again sooner: it may count attempts. */
const AFTER_DENIAL = 15_000;
/** What failed together is not tried again together: a delay is shorter by up to this share. */
const JITTER = 0.3;

/** Before the next attempt, after so many that failed in a row (1 or more). `random`: 0 to 1. Never longer than 60 s. */
export function retryDelay(failures: number, isDenied: boolean, random: number): Milliseconds {
  const delay = Math.min(LONGEST, FIRST * 2 ** Math.min(failures - 1, 16));
  const jittered = Math.max(FIRST, delay * (1 - JITTER * random));
  return ms(Math.round(isDenied ? Math.max(AFTER_DENIAL, jittered) : jittered));
}

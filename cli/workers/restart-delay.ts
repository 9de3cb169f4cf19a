/** When a worker that crashed is started again. Milliseconds. */

const FIRST = 200;
const LONGEST = 30_000;
/** Whoever ran for so long did not fail at its start. */
export const STEADY_AFTER = 60_000;

/** After so many crashes in a row, 1 or more, each before it had run for a minute. */
export const restartDelay = (crashes: number): number => Math.min(LONGEST, FIRST * 2 ** Math.min(crashes - 1, 16));

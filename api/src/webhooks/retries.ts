/** When a message that did not arrive is sent again. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Before the second attempt, the third and so on, about three days together. Milliseconds. */
export const RETRY_DELAYS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** What failed together is not tried again together: a delay is longer by up to this share. */
export const JITTER = 0.2;

/**
 * Milliseconds after so many attempts; null: there are no more. `random`: 0 to 1. `retryAfter`: seconds that the receiver asks for, which make a
 * delay longer and never shorter.
 */
export function retryDelay(attempts: number, random: number, retryAfter: number | null): number | null {
  const delay = RETRY_DELAYS[attempts - 1];
  if (delay === undefined) return null;
  return Math.max(Math.round(delay * (1 + JITTER * random)), (retryAfter ?? 0) * SECOND);
}

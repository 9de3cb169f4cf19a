/** Units that must not be mixed: a plain number becomes one of these only by naming the unit. */
declare const unit: unique symbol;

export type Milliseconds = number & { readonly [unit]: "ms" };
export type Seconds = number & { readonly [unit]: "s" };
export type Bytes = number & { readonly [unit]: "B" };
/** A count of timescale units (ISO/IEC 14496-12: `timescale` ticks per second). */
export type Ticks = number & { readonly [unit]: "ticks" };

export const ms = (value: number): Milliseconds => value as Milliseconds;
export const seconds = (value: number): Seconds => value as Seconds;
export const bytes = (value: number): Bytes => value as Bytes;
export const ticks = (value: number): Ticks => value as Ticks;

const WRAP = 2 ** 32;
const HALF_WRAP = 2 ** 31;

/**
 * Continues a 32-bit RTMP timestamp past its wrap (every 49.7 days): the value nearest to `previous` that is congruent to
 * `wire` modulo 2^32. RTMP 1.0 §5.3.1.2 timestamps are serial numbers (RFC 1982 arithmetic).
 */
export function unwrapTimestamp(previous: Milliseconds, wire: number): Milliseconds {
  const low = ((previous % WRAP) + WRAP) % WRAP;
  let delta = wire - low;
  if (delta > HALF_WRAP) delta -= WRAP;
  else if (delta < -HALF_WRAP) delta += WRAP;
  return ms(previous + delta);
}

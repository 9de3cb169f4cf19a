/**
 * Keeps a low-latency player at its target by playing a little faster. hls.js does so only while more than a second is buffered, which is more than a
 * viewer at a latency below a second ever has: it would stay wherever it began.
 */

/** Less noticeable than a jump. */
export const CATCH_UP_RATE = 1.05;
/** Seconds beyond the target at which catching up begins, and at which it ends. */
const BEGIN = 0.05;
const END = 0.01;

export interface Pace {
  /** Seconds behind live, and where to be; null: not known. */
  readonly latency: number | null;
  readonly target: number | null;
  /** Seconds buffered ahead. */
  readonly ahead: number;
  /** EXT-X-PART-INF's PART-TARGET, seconds. */
  readonly partTarget: number;
}

/** The rate for now. Below a part and a half ahead nothing is hurried: the next part may be late. */
export function catchUpRate({ latency, target, ahead, partTarget }: Pace, isCatchingUp: boolean): number {
  if (latency === null || target === null || ahead < 1.5 * partTarget) return 1;
  return latency - target > (isCatchingUp ? END : BEGIN) ? CATCH_UP_RATE : 1;
}

/** Seconds buffered without a hole from where it plays. */
export function bufferedAhead({ buffered, currentTime }: HTMLMediaElement): number {
  for (let index = 0; index < buffered.length; index++) {
    if (buffered.start(index) <= currentTime && currentTime <= buffered.end(index))
      return buffered.end(index) - currentTime;
  }
  return 0;
}

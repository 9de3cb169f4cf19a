/** Measured bit rates of a rendition, in steps: a value that is listed stays until it is clearly wrong. */
export interface Bandwidth {
  /** A segment of so many bytes and seconds. */
  add(bytes: number, length: number): void;
  /** Never less than what any segment needed (HLS §4.4.6.2 BANDWIDTH), rounded up, and never lower than it was. */
  readonly peak: number;
  readonly average: number;
}

const HEADROOM = 1.1;
const STEP = 10_000;
const STEADY = 0.1;
/** Segments shorter than this say little: a keyframe alone is no bit rate. */
const LEAST_SECONDS = 1;

export function makeBandwidth(): Bandwidth {
  let peak = 0;
  let average = 0;
  let bits = 0;
  let seconds = 0;
  return {
    add(bytes, length) {
      const size = bytes * 8;
      bits += size;
      seconds += length;
      const rate = size / Math.max(length, LEAST_SECONDS);
      if (rate > peak) peak = Math.ceil((rate * HEADROOM) / STEP) * STEP;
      const mean = bits / seconds;
      if (Math.abs(mean - average) > average * STEADY) average = Math.min(peak, Math.ceil(mean / STEP) * STEP);
    },
    get peak() {
      return peak;
    },
    get average() {
      return average;
    },
  };
}

/** How often one address or one account may ask. What is costly in itself (signing in, uploads) has rules of its own beside these. */
export interface RequestLimits {
  /** Requests of one address to one process, answers from the cache and signs of life of viewers not counted. */
  readonly perSecond: number;
  /** Requests that one address may save up and send at once. */
  readonly burst: number;
  /** Changes by one account, or by one address without an account, in all processes together. */
  readonly writesPerMinute: number;
  /** Viewing sessions opened from one address: a whole school or mobile network may stand behind it. */
  readonly viewsPerMinute: number;
}

export const REQUEST_LIMITS: RequestLimits = {
  perSecond: 100,
  burst: 400,
  writesPerMinute: 120,
  viewsPerMinute: 1_200,
};

/** For benchmarks and tests that come from one address. */
export const NO_LIMITS: RequestLimits = { perSecond: 1e9, burst: 1e9, writesPerMinute: 1e9, viewsPerMinute: 1e9 };

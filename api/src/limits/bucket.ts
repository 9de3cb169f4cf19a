/** Token buckets, one per key, in this process alone: what every request can afford to ask. */

export interface BucketRule {
  readonly perSecond: number;
  /** How many may come at once after a pause. */
  readonly burst: number;
}

export interface Buckets {
  /** Takes one token: 0, or the milliseconds until there is one. */
  take(key: string): number;
  readonly size: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Whoever can send from many addresses must not fill the memory: beyond this the oldest bucket is forgotten. */
const MAX_KEYS = 50_000;

/** `now`: milliseconds that never go back. */
export function makeBuckets(
  { perSecond, burst }: BucketRule,
  now: () => number = () => performance.now(),
  maxKeys: number = MAX_KEYS,
): Buckets {
  const buckets = new Map<string, Bucket>();
  const perMillisecond = perSecond / 1_000;

  function make(key: string, at: number): Bucket {
    const bucket = { tokens: burst, at };
    buckets.set(key, bucket);
    if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value!);
    return bucket;
  }

  return {
    take(key) {
      const at = now();
      const bucket = buckets.get(key) ?? make(key, at);
      bucket.tokens = Math.min(burst, bucket.tokens + (at - bucket.at) * perMillisecond);
      bucket.at = at;
      if (bucket.tokens < 1) return (1 - bucket.tokens) / perMillisecond;
      bucket.tokens--;
      return 0;
    },
    get size() {
      return buckets.size;
    },
  };
}

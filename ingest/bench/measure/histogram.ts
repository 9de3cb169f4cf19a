/** A distribution in little memory that processes can send each other: buckets of 1 % each, so a percentile is at most that far off. */

const SMALLEST = 0.001;
const STEP = Math.log(1.01);
/** Up to 10^8 and more. */
const BUCKETS = 2_600;

/** Bucket numbers with their counts. */
export interface Sparse {
  readonly at: readonly number[];
  readonly n: readonly number[];
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export const STATISTICS = ["count", "mean", "min", "p50", "p90", "p95", "p99", "max"] as const;
export type Statistic = (typeof STATISTICS)[number];

export class Histogram {
  private readonly buckets = new Float64Array(BUCKETS);
  private total = 0;
  private sum = 0;
  private min = Number.POSITIVE_INFINITY;
  private max = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.total;
  }

  /** Values below 0.001 count as that. */
  add(value: number): void {
    const at = value <= SMALLEST ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(value / SMALLEST) / STEP));
    this.buckets[at]!++;
    this.total++;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  merge({ at, n, sum, min, max }: Sparse): void {
    for (const [index, bucket] of at.entries()) {
      this.buckets[bucket]! += n[index]!;
      this.total += n[index]!;
    }
    this.sum += sum;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
  }

  /** All of it, and begins anew; null when there is nothing. */
  take(): Sparse | null {
    if (this.total === 0) return null;
    const { sum, min, max } = this;
    const at: number[] = [];
    const n: number[] = [];
    for (const [bucket, count] of this.buckets.entries()) {
      if (count === 0) continue;
      at.push(bucket);
      n.push(count);
    }
    const taken = { at, n, sum, min, max };
    this.clear();
    return taken;
  }

  clear(): void {
    this.buckets.fill(0);
    this.total = this.sum = 0;
    this.min = Number.POSITIVE_INFINITY;
    this.max = Number.NEGATIVE_INFINITY;
  }

  /** NaN of nothing. */
  percentile(percent: number): number {
    if (this.total === 0) return Number.NaN;
    let left = (this.total * percent) / 100;
    for (const [at, count] of this.buckets.entries()) {
      left -= count;
      if (count > 0 && left <= 1e-9) return Math.min(this.max, Math.max(this.min, SMALLEST * Math.exp(at * STEP)));
    }
    return this.max;
  }

  summary(): Summary {
    const empty = this.total === 0;
    return {
      count: this.total,
      mean: empty ? Number.NaN : this.sum / this.total,
      min: empty ? Number.NaN : this.min,
      p50: this.percentile(50),
      p90: this.percentile(90),
      p95: this.percentile(95),
      p99: this.percentile(99),
      max: empty ? Number.NaN : this.max,
    };
  }
}

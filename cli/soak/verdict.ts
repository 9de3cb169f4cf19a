/** Whether what was sampled over a long time stayed flat. */
import { median } from "../../ingest/bench/measure/statistics.ts";

export interface Bound {
  /** In the sample's unit. */
  readonly name: string;
  /** May grow by so much of itself, or by so much at all: what is more. */
  readonly share: number;
  readonly amount: number;
}

export interface Judged {
  readonly name: string;
  /** Medians of the first and the last third after the warm-up. */
  readonly early: number;
  readonly late: number;
  readonly isFlat: boolean;
}

/** The first part of a run, in which caches fill and code is compiled. */
const WARM_UP = 0.25;
/** Fewer samples say nothing. */
export const MIN_SAMPLES = 12;

/** Throws a RangeError for fewer than `MIN_SAMPLES`. */
export function judge(samples: readonly number[], { name, share, amount }: Bound): Judged {
  if (samples.length < MIN_SAMPLES) throw new RangeError(`${samples.length} samples are too few`);
  const after = samples.slice(Math.floor(samples.length * WARM_UP));
  const third = Math.floor(after.length / 3);
  const early = median(after.slice(0, third));
  const late = median(after.slice(-third));
  return { name, early, late, isFlat: late - early <= Math.max(early * share, amount) };
}

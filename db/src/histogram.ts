/** Numbers by size: how many lie in each step between ascending bounds. Rows keep them, so changed bounds need a migration. */

/** How long a first picture took. Milliseconds. */
export const JOIN_BOUNDS: readonly number[] = [
  100, 200, 300, 400, 500, 700, 1_000, 1_400, 2_000, 3_000, 5_000, 8_000, 13_000, 20_000,
];
/** How old the picture on the screen was. Milliseconds. */
export const LATENCY_BOUNDS: readonly number[] = [
  250, 500, 750, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000, 8_000, 10_000, 15_000, 20_000, 30_000, 60_000,
];

/** The last step is for what is above all bounds. */
export const emptyHistogram = (bounds: readonly number[]): number[] => Array<number>(bounds.length + 1).fill(0);

/** The step whose upper bound is the first that is not below `value`. */
export function stepOf(bounds: readonly number[], value: number): number {
  const step = bounds.findIndex((bound) => value <= bound);
  return step < 0 ? bounds.length : step;
}

/**
 * The value that the share `q` (0 to 1) of all is not above, as near as the bounds allow: within a step all are taken to lie evenly. What is above
 * the last bound counts as that. Null when there is nothing.
 */
export function quantile(bounds: readonly number[], counts: readonly number[], q: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const wanted = q * total;
  let below = 0;
  for (const [step, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const most = bounds[step] ?? bounds.at(-1)!;
      const least = step === 0 ? 0 : bounds[step - 1]!;
      return least + (most - least) * Math.max(0, (wanted - below) / count);
    }
    below += count;
  }
  return bounds.at(-1)!;
}

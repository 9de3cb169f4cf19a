export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank with the middle pair averaged; NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = ((sorted.length - 1) * percent) / 100;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

/** Half the distance between the extremes as a share of the median: how far repeats disagree. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / 2 / middle;
}

/** Least-squares slope of `values` over their index. */
export function slope(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  const meanX = (n - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / n;
  let above = 0;
  let below = 0;
  for (let x = 0; x < n; x++) {
    above += (x - meanX) * (values[x]! - meanY);
    below += (x - meanX) ** 2;
  }
  return above / below;
}

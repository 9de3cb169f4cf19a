/**
 * Hours of samples in bounded memory: when the buffer is full, neighbours become one point and new samples are gathered into points of the same length.
 * A broadcast of any length is drawn with at most `capacity` points.
 */
export interface Series {
  /** `at`: seconds, growing. A value that is not known is null. */
  push(at: number, values: readonly (number | null)[]): void;
  /** As uPlot takes it: seconds, then a row for each value; with a gap where nothing came for long. */
  rows(from?: number): [number[], ...(number | null)[][]];
  /** How many seconds one point stands for. */
  readonly step: number;
  readonly length: number;
}

interface Point {
  at: number;
  readonly sums: number[];
  readonly counts: number[];
}

/** Nothing for longer than this many points is a gap in the line. */
const GAP_POINTS = 5;

export function makeSeries(width: number, capacity = 1200): Series {
  let points: Point[] = [];
  let step = 1;

  const slot = (at: number) => Math.floor(at / step) * step;
  const empty = (at: number): Point => ({
    at,
    sums: new Array<number>(width).fill(0),
    counts: new Array<number>(width).fill(0),
  });

  /** Means weigh by how much each side knows. */
  function add(into: Point, from: Point): void {
    for (let row = 0; row < width; row++) {
      into.sums[row] = (into.sums[row] ?? 0) + (from.sums[row] ?? 0);
      into.counts[row] = (into.counts[row] ?? 0) + (from.counts[row] ?? 0);
    }
  }

  function thin(): void {
    step *= 2;
    const fewer: Point[] = [];
    for (const point of points) {
      const last = fewer.at(-1);
      if (last?.at === slot(point.at)) add(last, point);
      else fewer.push({ ...point, at: slot(point.at) });
    }
    points = fewer;
  }

  return {
    push(at, values) {
      const point = empty(slot(at));
      values.forEach((value, row) => {
        if (value === null || row >= width) return;
        point.sums[row] = value;
        point.counts[row] = 1;
      });
      const last = points.at(-1);
      // A clock that was set back must not make the line run backwards.
      if (last !== undefined && point.at <= last.at) {
        add(last, point);
        return;
      }
      points.push(point);
      if (points.length > capacity) thin();
    },
    rows(from = 0) {
      const shown = points.filter(({ at }) => at >= from);
      const values: (number | null)[][] = Array.from({ length: width }, () => []);
      const times: number[] = [];
      let before: number | null = null;
      for (const { at, sums, counts } of shown) {
        if (before !== null && at - before > GAP_POINTS * step) {
          times.push(before + step);
          for (const row of values) row.push(null);
        }
        times.push(at);
        values.forEach((row, index) => {
          const count = counts[index] ?? 0;
          row.push(count === 0 ? null : (sums[index] ?? 0) / count);
        });
        before = at;
      }
      return [times, ...values];
    },
    get step() {
      return step;
    },
    get length() {
      return points.length;
    },
  };
}

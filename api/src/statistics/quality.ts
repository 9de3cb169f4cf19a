/** Sums of what players said, as the streamer reads them. */
import { JOIN_BOUNDS, LATENCY_BOUNDS, quantile, type queries } from "@streamhub/db";

type Row = queries.PlaybackQuality;

const total = (rows: readonly Row[], read: (row: Row) => number) => rows.reduce((sum, row) => sum + read(row), 0);
const ratio = (part: number, whole: number) => (whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000);

function spread(bounds: readonly number[], histograms: readonly (readonly number[])[]) {
  const counts = histograms.reduce(
    (sum, each) => sum.map((count, step) => count + (each[step] ?? 0)),
    [...bounds.map(() => 0), 0],
  );
  const secondsAt = (share: number) => {
    const value = quantile(bounds, counts, share);
    return value === null ? null : Math.round(value / 10) / 100;
  };
  return { p50: secondsAt(0.5), p95: secondsAt(0.95) };
}

function sums(rows: readonly Row[]) {
  const stalled = total(rows, (row) => row.stalled);
  return {
    reports: total(rows, (row) => row.reports),
    joins: total(rows, (row) => row.joins.reduce((sum, count) => sum + count, 0)),
    joinTime: spread(
      JOIN_BOUNDS,
      rows.map((row) => row.joins),
    ),
    latency: spread(
      LATENCY_BOUNDS,
      rows.map((row) => row.latencies),
    ),
    stallRatio: ratio(stalled, stalled + total(rows, (row) => row.played)),
    stalls: total(rows, (row) => row.stalls),
    switches: total(rows, (row) => row.switches),
    errors: total(rows, (row) => row.errors),
    droppedRatio: ratio(
      total(rows, (row) => row.dropped),
      total(rows, (row) => row.frames),
    ),
  };
}

/** All ways of playing together, and each. */
export const presentQuality = (rows: readonly Row[]) => ({
  ...sums(rows),
  players: rows.map((row) => ({ player: row.player, ...sums([row]) })),
});

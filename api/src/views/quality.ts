/**
 * What players say of how it plays, on its way to the database: added up here, one row for each stream and way of playing. What could not be written
 * stays. Of the viewer nothing is kept, and nothing but the session's id is known.
 */
import { type Database, emptyHistogram, JOIN_BOUNDS, LATENCY_BOUNDS, queries, stepOf } from "@streamhub/db";
import type { QualityReport } from "./model.ts";

const MAX_PENDING = 20_000;

type Row = queries.PlaybackQuality;
const COUNTERS = ["reports", "played", "stalled", "stalls", "switches", "frames", "dropped", "errors"] as const;

function rowOf(streamId: number, report: QualityReport): Row {
  const { player, joinMs, latencyMs, playedMs, stalledMs, ...counters } = report;
  const joins = emptyHistogram(JOIN_BOUNDS);
  const latencies = emptyHistogram(LATENCY_BOUNDS);
  if (joinMs !== undefined) joins[stepOf(JOIN_BOUNDS, joinMs)] = 1;
  if (latencyMs !== undefined) latencies[stepOf(LATENCY_BOUNDS, latencyMs)] = 1;
  return { streamId, player, reports: 1, joins, latencies, played: playedMs, stalled: stalledMs, ...counters };
}

const sumOf = (a: readonly number[], b: readonly number[]) => a.map((value, step) => value + b[step]!);

function joined(a: Row, b: Row): Row {
  const sums = Object.fromEntries(COUNTERS.map((name) => [name, a[name] + b[name]]));
  return { ...a, ...sums, joins: sumOf(a.joins, b.joins), latencies: sumOf(a.latencies, b.latencies) };
}

export interface Qualities {
  /** False: no room, it is lost. */
  add(streamId: number, report: QualityReport): boolean;
  /** Throws DatabaseError; then all of it is still there. Not to be called again before it is done. */
  flush(): Promise<void>;
}

export function makeQualities(db: Database): Qualities {
  let pending = new Map<string, Row>();

  function put(row: Row): boolean {
    const key = `${row.streamId} ${row.player}`;
    const known = pending.get(key);
    if (known === undefined && pending.size >= MAX_PENDING) return false;
    pending.set(key, known === undefined ? row : joined(known, row));
    return true;
  }

  return {
    add: (streamId, report) => put(rowOf(streamId, report)),
    async flush() {
      if (pending.size === 0) return;
      const rows = [...pending.values()];
      pending = new Map();
      try {
        await queries.addQuality(db, rows);
      } catch (error) {
        for (const row of rows) put(row);
        throw error;
      }
    },
  };
}

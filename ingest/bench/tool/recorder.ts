/** Gathers what workers tell into figures and rows. */
import { Histogram, type Sparse } from "../measure/histogram.ts";
import type { FigureTable, Outcome, Row } from "./outcome.ts";

/** What a worker saw since it told last. */
export interface Delta {
  readonly counts: Readonly<Record<string, number>>;
  readonly samples: Readonly<Record<string, Sparse>>;
  /** As they are now. */
  readonly gauges: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
}

/** More kinds of ends than this are not told apart. */
const MAX_REASONS = 50;

export class Recorder {
  private readonly histograms = new Map<string, Histogram>();
  /** Since the last row. */
  private readonly recent = new Map<string, Histogram>();
  private readonly totals = new Map<string, number>();
  private readonly recentCounts = new Map<string, number>();
  private readonly gauges = new Map<string, Map<string, number>>();
  private readonly reasons = new Map<string, number>();
  private readonly set = new Map<string, number>();
  private readonly rows: Row[] = [];
  private readonly notes: string[] = [];
  /** False while connections are still being made. */
  isMeasuring = false;

  constructor(private readonly figures: FigureTable) {}

  private counts(name: string): boolean {
    return this.isMeasuring || this.figures[name]?.fromStart === true;
  }

  merge(worker: string, delta: Delta): void {
    for (const [name, count] of Object.entries(delta.counts)) this.count(name, count);
    for (const [name, sparse] of Object.entries(delta.samples)) {
      this.histogram(this.recent, name).merge(sparse);
      if (this.counts(name)) this.histogram(this.histograms, name).merge(sparse);
    }
    for (const [name, value] of Object.entries(delta.gauges)) this.gauge(worker, name, value);
    for (const [reason, count] of Object.entries(delta.reasons)) this.reason(reason, count);
  }

  private histogram(map: Map<string, Histogram>, name: string): Histogram {
    let found = map.get(name);
    if (found === undefined) {
      found = new Histogram();
      map.set(name, found);
    }
    return found;
  }

  count(name: string, count: number): void {
    this.recentCounts.set(name, (this.recentCounts.get(name) ?? 0) + count);
    if (this.counts(name)) this.totals.set(name, (this.totals.get(name) ?? 0) + count);
  }

  observe(name: string, value: number): void {
    this.histogram(this.recent, name).add(value);
    if (this.counts(name)) this.histogram(this.histograms, name).add(value);
  }

  gauge(worker: string, name: string, value: number): void {
    const workers = this.gauges.get(name) ?? new Map<string, number>();
    this.gauges.set(name, workers.set(worker, value));
  }

  reason(reason: string, count = 1): void {
    const known = this.reasons.has(reason) || this.reasons.size < MAX_REASONS;
    const key = known ? reason : "for other reasons";
    this.reasons.set(key, (this.reasons.get(key) ?? 0) + count);
  }

  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  /** A figure that is worked out of others. */
  value(name: string, value: number): void {
    this.set.set(name, value);
  }

  total(name: string): number {
    return this.totals.get(name) ?? 0;
  }

  /** Since the last row. */
  recentCount(name: string): number {
    return this.recentCounts.get(name) ?? 0;
  }

  recentPercentile(name: string, percent: number): number {
    return this.recent.get(name)?.percentile(percent) ?? Number.NaN;
  }

  /** Summed over workers. */
  gaugeSum(name: string): number {
    let sum = 0;
    for (const value of this.gauges.get(name)?.values() ?? []) sum += value;
    return sum;
  }

  percentile(name: string, percent: number): number {
    return this.histograms.get(name)?.percentile(percent) ?? Number.NaN;
  }

  get reasonsSeen(): readonly (readonly [string, number])[] {
    return [...this.reasons].sort(([, a], [, b]) => b - a);
  }

  endRow(row: Row): void {
    this.rows.push(row);
    this.recent.clear();
    this.recentCounts.clear();
  }

  outcome(): Outcome {
    const distributions: Record<string, ReturnType<Histogram["summary"]>> = {};
    const values: Record<string, number> = {};
    for (const [name, { kind }] of Object.entries(this.figures)) {
      const histogram = this.histograms.get(name);
      if (kind === "distribution" && histogram !== undefined) distributions[name] = histogram.summary();
      const counted = this.set.get(name) ?? this.totals.get(name);
      if (kind === "value" && counted !== undefined) values[name] = counted;
    }
    return {
      distributions,
      values,
      rows: [...this.rows],
      reasons: Object.fromEntries(this.reasonsSeen),
      notes: [...this.notes],
    };
  }
}

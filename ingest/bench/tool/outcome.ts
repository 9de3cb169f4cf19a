/** What a run of the tool leaves: figures by name, a row per second, reasons, remarks. The same shape for every bench. */
import type { Summary } from "../measure/histogram.ts";

export interface FigureSpec {
  readonly kind: "distribution" | "value";
  readonly unit: string;
  readonly help: string;
  /** Counted from the first connection on, not only in the time measured. */
  readonly fromStart?: boolean;
}

export type FigureTable = Readonly<Record<string, FigureSpec>>;

export interface ColumnSpec {
  /** As axis and label. */
  readonly title: string;
  readonly unit: string;
}
/** Columns of the rows, one per second. */
export type ColumnTable = Readonly<Record<string, ColumnSpec>>;

export type Row = Readonly<Record<string, number>>;

export interface Outcome {
  readonly distributions: Readonly<Record<string, Summary>>;
  readonly values: Readonly<Record<string, number>>;
  /** By second; `t` is seconds since the run began. */
  readonly rows: readonly Row[];
  /** Why connections failed or were lost, and how often. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

export const distribution = (unit: string, help: string, fromStart = false): FigureSpec => ({
  kind: "distribution",
  unit,
  help,
  fromStart,
});
export const value = (unit: string, help: string, fromStart = false): FigureSpec => ({
  kind: "value",
  unit,
  help,
  fromStart,
});

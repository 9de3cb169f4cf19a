/** `--fail-if 'p99.publish_ms>50'`: what a run must not show, for continuous integration. */
import { UsageError } from "../cli/options.ts";
import { STATISTICS, type Statistic } from "../measure/histogram.ts";
import type { FigureTable, Outcome } from "./outcome.ts";

export interface Gate {
  readonly text: string;
  readonly name: string;
  /** Null: a plain value. */
  readonly statistic: Statistic | null;
  readonly operator: keyof typeof OPERATORS;
  readonly limit: number;
}

const OPERATORS = {
  ">": (a: number, b: number) => a > b,
  ">=": (a: number, b: number) => a >= b,
  "<": (a: number, b: number) => a < b,
  "<=": (a: number, b: number) => a <= b,
  "==": (a: number, b: number) => a === b,
  "!=": (a: number, b: number) => a !== b,
} as const;

/** Conditions by line or comma. A figure that this bench does not have is a mistake, said before anything is measured. */
export function readGates(text: string, figures: FigureTable): Gate[] {
  return text
    .split(/[\n,]/)
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => readGate(each, figures));
}

function readGate(text: string, figures: FigureTable): Gate {
  const match = /^(?:(\w+)\.)?(\w+)\s*(>=|<=|==|!=|>|<)\s*(-?\d+(?:\.\d+)?)$/.exec(text);
  if (match === null)
    throw new UsageError(`--fail-if takes conditions such as 'p99.publish_ms>50' or 'disconnects>0', not "${text}".`);
  const [, given, name, operator, limit] = match;
  const spec = figures[name!];
  if (spec === undefined)
    throw new UsageError(`There is no figure "${name}". Known here: ${Object.keys(figures).join(", ")}.`);
  const isDistribution = spec.kind === "distribution";
  if (isDistribution && !STATISTICS.includes(given as Statistic))
    throw new UsageError(
      `${name} is a distribution: write one of ${STATISTICS.map((s) => `${s}.${name}`).join(", ")}.`,
    );
  if (!isDistribution && given !== undefined)
    throw new UsageError(`${name} is one value: write it without "${given}.".`);
  return {
    text,
    name: name!,
    statistic: isDistribution ? (given as Statistic) : null,
    operator: operator as Gate["operator"],
    limit: Number(limit),
  };
}

/** A sentence for each condition that holds. What was not measured can't be good: it fails too. */
export function failedGates(gates: readonly Gate[], outcome: Outcome): string[] {
  return gates.flatMap(({ text, name, statistic, operator, limit }) => {
    const value = statistic === null ? outcome.values[name] : outcome.distributions[name]?.[statistic];
    if (value === undefined || value === null || Number.isNaN(value))
      return [`--fail-if ${text}: ${name} was not measured.`];
    return OPERATORS[operator](value, limit) ? [`--fail-if ${text}: it is ${Number(value.toPrecision(4))}.`] : [];
  });
}

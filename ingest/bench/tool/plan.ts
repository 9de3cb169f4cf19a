/** Reads bench.toml: servers and scenarios, checked before anything starts. */
import { type OptionTable, UsageError } from "../cli/options.ts";
import { STATISTICS, type Statistic } from "../measure/histogram.ts";
import { type Contender, type RunningContender, textOf } from "../servers/contender.ts";
import { readContender } from "../servers/ready.ts";
import type { FigureTable, Outcome } from "./outcome.ts";
import type { Session } from "./session.ts";

export interface ScenarioFigure {
  readonly name: string;
  readonly statistic: Statistic | null;
  readonly unit: string;
}

export interface Scenario {
  readonly name: string;
  readonly bench: string;
  readonly figures: readonly ScenarioFigure[];
  /** Seconds at most. */
  readonly bound: number;
  /** Null: this server does not serve what is to be measured. */
  run(server: RunningContender): ((session: Session) => Promise<void>) | null;
  readonly table: FigureTable;
}

export interface Plan {
  readonly rounds: number;
  readonly servers: readonly Contender[];
  readonly scenarios: readonly Scenario[];
}

/** How a bench is run as a scenario. `Values` are its flags' values. */
export interface ScenarioBench {
  readonly figures: FigureTable;
  readonly options: OptionTable;
  readonly defaults: Readonly<Record<string, unknown>>;
  bound(values: never): number;
  run(values: never, session: Session): Promise<void>;
  /** Flags that the server decides; null: it can't be measured so. */
  aim(server: RunningContender): Readonly<Record<string, unknown>> | null;
}

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function tables(document: Table, key: string): Table[] {
  const value = document[key];
  if (!Array.isArray(value) || value.length === 0 || !value.every(isTable))
    throw new UsageError(`The file needs at least one [[${key}]].`);
  return value;
}

export function readPlan(text: string, benches: Readonly<Record<string, ScenarioBench>>): Plan {
  let document: Table;
  try {
    document = Bun.TOML.parse(text) as Table;
  } catch (error) {
    throw new UsageError(`The file is not TOML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const rounds = document.rounds ?? 3;
  if (typeof rounds !== "number" || !Number.isInteger(rounds) || rounds < 1 || rounds > 100)
    throw new UsageError("rounds must be a whole number from 1 to 100.");
  const servers = tables(document, "server").map(readContender);
  const scenarios = tables(document, "scenario").map((table, index) => readScenario(table, index, benches));
  for (const names of [servers.map(({ name }) => name), scenarios.map(({ name }) => name)])
    if (new Set(names).size < names.length) throw new UsageError("Two servers or two scenarios have the same name.");
  return { rounds, servers, scenarios };
}

function readScenario(table: Table, index: number, benches: Readonly<Record<string, ScenarioBench>>): Scenario {
  const where = `[[scenario]] ${index + 1}`;
  const { name: _, bench: __, figures, ...flags } = table;
  const name = textOf(table, "name", where);
  const kind = textOf(table, "bench", where);
  const bench = benches[kind];
  if (name === "") throw new UsageError(`${where} needs a name.`);
  if (bench === undefined)
    throw new UsageError(`${where}: bench is one of ${Object.keys(benches).join(", ")}, not "${kind}".`);
  const values: Record<string, unknown> = { ...bench.defaults };
  for (const [flag, value] of Object.entries(flags)) {
    const found = Object.entries(bench.options).find(([, option]) => option.name === flag);
    if (found === undefined) throw new UsageError(`${where}: ${kind} has no flag ${flag}.`);
    const [key, option] = found;
    if (typeof value !== typeof option.value)
      throw new UsageError(
        `${where}: ${flag} must be a ${typeof option.value === "string" ? "text" : typeof option.value}.`,
      );
    values[key] = value;
  }
  if (!Array.isArray(figures) || figures.length === 0)
    throw new UsageError(`${where} needs figures, such as ["p50.publish_ms"].`);
  // Any address will do to check the other flags.
  const probe = {
    ...values,
    url: kind === "publish" || kind === "play" ? "rtmp://127.0.0.1/live/x" : "http://127.0.0.1/x",
  };
  return {
    name,
    bench: kind,
    figures: figures.map((text) => readFigure(String(text), bench.figures, where)),
    table: bench.figures,
    bound: bench.bound(probe as never),
    run(server) {
      const aimed = bench.aim(server);
      if (aimed === null) return null;
      return (session) => bench.run({ ...values, ...aimed, pid: server.pid, docker: server.docker } as never, session);
    },
  };
}

function readFigure(text: string, figures: FigureTable, where: string): ScenarioFigure {
  const [given, rest] = text.includes(".") ? (text.split(".", 2) as [string, string]) : [null, text];
  const spec = figures[rest];
  if (spec === undefined) throw new UsageError(`${where}: there is no figure "${rest}".`);
  const isDistribution = spec.kind === "distribution";
  if (isDistribution !== (given !== null) || (given !== null && !STATISTICS.includes(given as Statistic)))
    throw new UsageError(
      `${where}: ${rest} is ${isDistribution ? `a distribution: write p50.${rest} or the like` : "one value: write it alone"}.`,
    );
  return { name: rest, statistic: given as Statistic | null, unit: spec.unit };
}

export const titleOf = ({ name, statistic }: ScenarioFigure): string =>
  statistic === null ? name : `${statistic}.${name}`;

/** NaN where it was not measured. */
export function figureValue({ name, statistic }: ScenarioFigure, outcome: Outcome): number {
  return (statistic === null ? outcome.values[name] : outcome.distributions[name]?.[statistic]) ?? Number.NaN;
}

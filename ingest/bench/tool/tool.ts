/**
 * The frame of every bench that measures any server: flags, progress, Ctrl-C, tables, files, conditions, exit codes.
 * 0: measured, nothing failed. 1: something failed. 2: wrong use. 3: a condition of --fail-if holds. 130: Ctrl-C.
 */
import type { Bench } from "../cli/bench.ts";
import {
  describeOptions,
  type Option,
  type OptionTable,
  type OptionValues,
  option,
  parseOptions,
  UsageError,
} from "../cli/options.ts";
import { say } from "../cli/report.ts";
import { handleSignals } from "../measure/children.ts";
import { writeCsv } from "../report/csv.ts";
import { makeDocument, writeDocument } from "../report/document.ts";
import { writeHtml } from "../report/html.ts";
import { renderOutcome } from "../report/text.ts";
import { failedGates, readGates } from "./gate.ts";
import { makeLiveView } from "./live-view.ts";
import type { ColumnTable, FigureTable } from "./outcome.ts";
import { openSession, RunFailure, type Session } from "./session.ts";

export const OUTPUT_OPTIONS = {
  json: option("json", "", "write machine, versions, every parameter and all results to this file"),
  html: option("html", "", "write a page with charts to this file, all in one"),
  csv: option("csv", "", "write a row per second to this file"),
  failIf: {
    ...option("fail-if", "", "exit code 3 if this holds, such as 'p99.publish_ms>50'; may be repeated"),
    repeats: true,
  },
  quiet: option("quiet", false, "no progress, only the result"),
} satisfies Record<string, Option>;

export interface ToolSpec<T extends OptionTable> {
  readonly name: string;
  readonly summary: string;
  /** Below the flags in --help: examples, what the figures mean. */
  readonly more: string;
  readonly options: T;
  readonly figures: FigureTable;
  readonly columns: ColumnTable;
  /** Columns that the progress line shows; the first has the sparkline. */
  readonly headline: readonly string[];
  /** Parameters that are secrets, or have them in them, as they may be shown. */
  shown(values: OptionValues<T>): Partial<Record<keyof T, string>>;
  /** The longest that a run may take, in seconds. Throws UsageError for parameters that make no sense. */
  bound(values: OptionValues<T>): number;
  run(values: OptionValues<T>, session: Session): Promise<void>;
}

/** How long a run may take to end once it was told to. */
const LEAVE_MS = 6_000;
/** A terminal's Ctrl-C may reach us twice: by itself and through the command that started us. */
const SAME_SIGNAL_MS = 400;

type Values<T extends OptionTable> = OptionValues<T> & OptionValues<typeof OUTPUT_OPTIONS>;

export function makeTool<T extends OptionTable>(spec: ToolSpec<T>): Bench {
  const options = { ...spec.options, ...OUTPUT_OPTIONS };
  return {
    name: spec.name,
    summary: spec.summary,
    async main(args) {
      try {
        const values = parseOptions(options, args) as Values<T> | null;
        if (values !== null) return await perform(spec, values);
        say(helpOf(spec, options));
        return 0;
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        process.stderr.write(`${error.message}\n`);
        return 2;
      }
    },
  };
}

function helpOf<T extends OptionTable>(spec: ToolSpec<T>, options: OptionTable): string {
  const figures = Object.entries(spec.figures);
  const width = Math.max(...figures.map(([name]) => name.length));
  const lines = figures.map(
    ([name, { kind, unit, help }]) =>
      `  ${name.padEnd(width)}  ${help}${unit === "" ? "" : `, ${unit}`}${kind === "distribution" ? " (distribution)" : ""}`,
  );
  return [
    `streamhub bench ${spec.name}: ${spec.summary}\n`,
    describeOptions(options),
    `\n${spec.more}`,
    `\nFigures (--fail-if, --json); distributions have count, mean, min, p50, p90, p95, p99, max:\n${lines.join("\n")}`,
    "\nExit codes: 0 measured; 1 something failed; 2 wrong use; 3 a condition of --fail-if holds; 130 Ctrl-C.",
  ].join("\n");
}

async function perform<T extends OptionTable>(spec: ToolSpec<T>, values: Values<T>): Promise<number> {
  const gates = readGates(values.failIf as string, spec.figures);
  const bound = spec.bound(values);
  const live = makeLiveView({ columns: spec.columns, headline: spec.headline, isQuiet: values.quiet as boolean });
  const opened = openSession(spec.figures, (row) => live.row(row, opened.view));
  const told = Promise.withResolvers<"interrupted" | "overdue">();
  let toldAt = 0;
  handleSignals((_, leave) => {
    const now = performance.now();
    if (toldAt !== 0 && now - toldAt > SAME_SIGNAL_MS) leave();
    if (toldAt !== 0) return;
    toldAt = now;
    told.resolve("interrupted");
  });
  const timer = setTimeout(() => told.resolve("overdue"), bound * 1_000);
  let problem: string | null = null;
  let ending: "done" | "interrupted" | "overdue" = "done";
  const running = spec.run(values, opened.session).then(
    () => "done" as const,
    (error: unknown) => {
      if (error instanceof UsageError) throw error;
      problem = error instanceof RunFailure ? error.message : `The bench itself failed: ${String(error)}`;
      return "done" as const;
    },
  );
  try {
    ending = await Promise.race([running, told.promise]);
    if (ending !== "done") {
      opened.abort();
      await Promise.race([running, Bun.sleep(LEAVE_MS)]);
    }
  } finally {
    clearTimeout(timer);
    live.end();
    await opened.close();
  }
  const outcome = opened.outcome();
  const complaints = [...opened.failures];
  if (problem !== null) complaints.push(problem);
  if (ending === "overdue") complaints.push(`The bench did not end within ${Math.round(bound)} s and was stopped.`);
  say(renderOutcome(spec.figures, outcome));
  if (ending === "interrupted") say("\nInterrupted: these are the figures until then.");
  const failed = failedGates(gates, outcome);
  const parameters = { ...values, ...spec.shown(values) };
  const document = await makeDocument({ bench: spec.name, parameters, outcome, complaints, gates: failed, ending });
  await writeDocument(values.json as string, document);
  await writeCsv(values.csv as string, outcome.rows);
  await writeHtml(values.html as string, document, spec);
  for (const sentence of [...complaints, ...failed]) process.stderr.write(`${sentence}\n`);
  if (ending === "interrupted") return 130;
  if (complaints.length > 0) return 1;
  return failed.length > 0 ? 3 : 0;
}

/** The table of `compare`, for people, as JSON and as a page. */
import { figure, table } from "../cli/report.ts";
import { median, spread } from "../measure/statistics.ts";
import { makeDocument, writeDocument } from "./document.ts";
import { type Chart, describeRun, escapeHtml, htmlTable, renderPage } from "./html.ts";

export interface ComparedRow {
  readonly scenario: string;
  readonly figure: string;
  readonly unit: string;
  /** A value of each round, by server; NaN: it was not measured. */
  readonly cells: Record<string, number[]>;
}

function cellOf(values: readonly number[] | undefined): string {
  const known = (values ?? []).filter(Number.isFinite);
  if (known.length === 0) return "-";
  const text = figure(median(known));
  return known.length === 1 ? text : `${text} ± ${Math.round(100 * Math.abs(spread(known)))} %`;
}

const withUnit = ({ figure: name, unit }: ComparedRow): string => (unit === "" ? name : `${name}, ${unit}`);

export function renderCompared(names: readonly string[], rows: readonly ComparedRow[]): string {
  const lines = rows.map((row) => [
    `${row.scenario}: ${withUnit(row)}`,
    ...names.map((name) => cellOf(row.cells[name])),
  ]);
  return table(["", ...names], lines);
}

export interface Compared {
  readonly names: readonly string[];
  readonly rows: readonly ComparedRow[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly failures: readonly string[];
  readonly missing: readonly string[];
  /** The TOML. */
  readonly plan: string;
}

export async function writeCompared(
  { json, html }: { readonly json: string; readonly html: string },
  { names, rows, parameters, failures, missing, plan }: Compared,
): Promise<void> {
  const empty = { distributions: {}, values: {}, rows: [], reasons: {}, notes: missing };
  const head = await makeDocument({
    bench: "compare",
    parameters: { ...parameters, plan },
    outcome: empty,
    complaints: failures,
    gates: [],
    ending: "done",
  });
  const { outcome: _, gates: __, ...document } = head;
  const whole = { ...document, servers: names, missing, results: rows };
  await writeDocument(json, whole);
  if (html === "") return;
  const charts: Chart[] = rows.flatMap((row) => {
    const most = Math.max(...Object.values(row.cells).map((values) => values.length), 0);
    if (most < 2) return [];
    const rounds = Array.from({ length: most }, (_, index) => index + 1);
    const series = names.filter((name) => row.cells[name] !== undefined);
    const data = series.map((name) =>
      rounds.map((_, at) => (Number.isFinite(row.cells[name]![at]) ? row.cells[name]![at]! : null)),
    );
    return [{ title: `${row.scenario}: ${withUnit(row)}`, series, data: [rounds, ...data], xUnit: "" }];
  });
  const lines = rows.map((row) => [row.scenario, withUnit(row), ...names.map((name) => cellOf(row.cells[name]))]);
  const body = [
    ...[...new Set(failures)].map((line) => `<p class="bad">${escapeHtml(line)}</p>`),
    ...missing.map((line) => `<p class="soft">Left out ${escapeHtml(line)}</p>`),
    htmlTable(["scenario", "figure", ...names], lines, [1]),
    '<p class="soft">Medians ± half the distance between the extremes. Same work for everybody, by turns, servers as they come by default.</p>',
    `<h2>What was run</h2><pre>${escapeHtml(plan)}</pre>`,
    charts.length > 0 ? "<h2>By round</h2>" : "",
  ].join("\n");
  const page = await renderPage({
    title: "streamhub bench compare",
    subtitle: describeRun(head),
    body,
    charts,
    document: whole,
  });
  await Bun.write(html, page);
}

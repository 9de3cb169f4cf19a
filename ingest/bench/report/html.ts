/** One page that needs nothing else: figures as tables, rows as charts (uPlot), light and dark. */
import { join } from "node:path";
import { figure } from "../cli/report.ts";
import type { ColumnTable, FigureTable } from "../tool/outcome.ts";
import type { BenchDocument } from "./document.ts";

const UPLOT = join(import.meta.dir, "..", "..", "..", "web", "node_modules", "uplot", "dist");

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** JSON inside a script element: no end of it, and no line separators that scripts end lines at. */
export const scriptJson = (value: unknown): string =>
  JSON.stringify(value)
    .replace(/</g, "\\u003c")
    .replace(/\u2028|\u2029/g, (sign) => `\\u${sign.charCodeAt(0).toString(16)}`);

const STYLE = `
:root { color-scheme: light dark; --fg: light-dark(#1b1f24, #e6edf3); --bg: light-dark(#fff, #0d1117);
  --soft: light-dark(#57606a, #8b949e); --line: light-dark(#d0d7de, #30363d); --bad: light-dark(#b42318, #ff7b72); }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p.soft, td.soft { color: var(--soft) } .bad { color: var(--bad) }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto }
th, td { text-align: right; padding: .2rem .7rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child, td.words, th.words { text-align: left }
code { font-size: .9em } .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1.5rem }
.chart { min-width: 0 } .chart h3 { font-size: .95rem; margin: 0; font-weight: 600 }`;

/** Draws `charts` in each element with data-chart; drawn anew when the colours or the width change. */
const SCRIPT = `
const { charts } = JSON.parse(document.getElementById("data").textContent);
let drawn = [];
function draw() {
  for (const plot of drawn) plot.destroy();
  const style = getComputedStyle(document.body);
  const probe = document.createElement("i"); document.body.append(probe);
  const color = (name) => { probe.style.color = "var(" + name + ")"; return getComputedStyle(probe).color; };
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
  const hues = [210, 25, 140, 280, 350, 60];
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  drawn = charts.map((chart, index) => {
    const place = document.querySelector('[data-chart="' + index + '"]');
    const series = chart.series.map((label, at) => ({ label, width: 1.6, spanGaps: true,
      stroke: "hsl(" + hues[at % 6] + " 70% " + (dark ? 65 : 40) + "%)", fill: chart.series.length === 1 ? "hsl(" + hues[0] + " 70% 50% / .12)" : undefined }));
    return new uPlot({ width: place.clientWidth, height: 200, scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.05 : 1] } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => (chart.xUnit === "" ? t : t + " s")) }, { ...axis, size: 60 }],
      series: [{ label: "s" }, ...series] }, chart.data, place);
  });
  probe.remove();
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
let later; addEventListener("resize", () => { clearTimeout(later); later = setTimeout(draw, 150); });`;

export interface Chart {
  readonly title: string;
  readonly series: readonly string[];
  /** The x values, then those of each series; null: nothing there. */
  readonly data: readonly (readonly (number | null)[])[];
  /** Of the x axis; seconds otherwise. */
  readonly xUnit?: string;
}

export interface Page {
  readonly title: string;
  readonly subtitle: string;
  /** HTML. */
  readonly body: string;
  readonly charts: readonly Chart[];
  /** The whole document, for programs that find the page. */
  readonly document: unknown;
}

export async function renderPage({ title, subtitle, body, charts, document }: Page): Promise<string> {
  const [script, style] = await Promise.all([
    Bun.file(join(UPLOT, "uPlot.iife.min.js")).text(),
    Bun.file(join(UPLOT, "uPlot.min.css")).text(),
  ]);
  const places = charts
    .map(
      ({ title: name }, index) =>
        `<div class="chart"><h3>${escapeHtml(name)}</h3><div data-chart="${index}"></div></div>`,
    )
    .join("");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}${STYLE}</style>
<h1>${escapeHtml(title)}</h1><p class="soft">${escapeHtml(subtitle)}</p>
${body}
<div class="charts">${places}</div>
<script type="application/json" id="data">${scriptJson({ charts, document })}</script>
<script>${script.replaceAll("</script", "<\\/script")}</script><script>${SCRIPT}</script>
</html>
`;
}

export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  words: readonly number[] = [],
): string {
  const cell = (tag: "td" | "th", value: string | number, column: number) => {
    const text = typeof value === "number" ? (Number.isInteger(value) ? String(value) : figure(value)) : value;
    return `<${tag}${words.includes(column) ? ' class="words"' : ""}>${escapeHtml(text)}</${tag}>`;
  };
  const line = (tag: "td" | "th", row: readonly (string | number)[]) =>
    `<tr>${row.map((value, column) => cell(tag, value, column)).join("")}</tr>`;
  return `<table>${line("th", head)}${rows.map((row) => line("td", row)).join("")}</table>`;
}

function parametersTable(parameters: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(parameters).flatMap(([name, value]) =>
    value === "" || value === false ? [] : [[name, String(value)]],
  );
  return htmlTable(["parameter", "value"], rows, [1]);
}

export function describeRun({
  machine,
  versions,
  commit,
  date,
}: Pick<BenchDocument, "machine" | "versions" | "commit" | "date">): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GB`;
  const commits = commit === null ? [] : [`commit ${commit.slice(0, 12)}`];
  return [
    date,
    machine.cpu,
    `${machine.cores} cores`,
    memory,
    `kernel ${machine.kernel}`,
    ...programs,
    ...commits,
  ].join(" · ");
}

function chartsOf(document: BenchDocument, columns: ColumnTable): Chart[] {
  const { rows } = document.outcome;
  if (rows.length < 2) return [];
  const times = rows.map(({ t }) => t!);
  return Object.entries(columns).flatMap(([name, { title, unit }]) => {
    const values = rows.map((row) => (Number.isFinite(row[name]) ? row[name]! : null));
    if (values.every((value) => value === null)) return [];
    return [{ title: unit === "" ? title : `${title}, ${unit}`, series: [title], data: [times, values] }];
  });
}

export async function writeHtml(
  file: string,
  document: BenchDocument,
  { figures, columns }: { readonly figures: FigureTable; readonly columns: ColumnTable },
): Promise<void> {
  if (file === "") return;
  const { outcome, complaints, gates, bench } = document;
  const spread = Object.entries(outcome.distributions).map(([name, s]) => {
    const { unit, help } = figures[name]!;
    return [name, s.count, s.min, s.p50, s.p90, s.p95, s.p99, s.max, unit, help];
  });
  const single = Object.entries(outcome.values).map(([name, value]) => [
    name,
    value,
    figures[name]!.unit,
    figures[name]!.help,
  ]);
  const why = Object.entries(outcome.reasons).map(([reason, count]) => [reason, count]);
  const paragraphs = (lines: readonly string[], kind: string) =>
    lines.map((line) => `<p class="${kind}">${escapeHtml(line)}</p>`).join("");
  const body = [
    paragraphs([...complaints, ...gates], "bad"),
    paragraphs(outcome.notes, "soft"),
    "<h2>Distributions</h2>",
    htmlTable(["figure", "count", "min", "p50", "p90", "p95", "p99", "max", "unit", "what"], spread, [8, 9]),
    "<h2>Values</h2>",
    htmlTable(["figure", "value", "unit", "what"], single, [2, 3]),
    why.length === 0 ? "" : `<h2>Why connections ended</h2>${htmlTable(["reason", "count"], why)}`,
    `<h2>Parameters</h2>${parametersTable(document.parameters)}`,
    "<h2>By second</h2>",
  ].join("\n");
  const page = await renderPage({
    title: `streamhub bench ${bench}`,
    subtitle: describeRun(document),
    body,
    charts: chartsOf(document, columns),
    document,
  });
  await Bun.write(file, page);
}

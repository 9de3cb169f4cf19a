/** The summary of a run as tables for people. */
import { figure, table } from "../cli/report.ts";
import type { FigureTable, Outcome } from "../tool/outcome.ts";

const whole = (value: number): string => (Number.isInteger(value) ? String(value) : figure(value));

export function renderOutcome(figures: FigureTable, outcome: Outcome): string {
  const { distributions, values, reasons, notes } = outcome;
  const parts: string[] = [];
  const spread = Object.entries(distributions).filter(([, { count }]) => count > 0);
  if (spread.length > 0) {
    const rows = spread.map(([name, s]) => {
      const { unit, help } = figures[name]!;
      return [name, String(s.count), s.min, s.p50, s.p95, s.p99, s.max, `${unit}  ${help}`];
    });
    parts.push(leftLast(table(["figure", "count", "min", "p50", "p95", "p99", "max", ""], rows)));
  }
  const single = Object.entries(values);
  if (single.length > 0) {
    const width = Math.max(...single.map(([name]) => name.length));
    const numbers = single.map(([, value]) => whole(value));
    const wide = Math.max(...numbers.map((text) => text.length));
    parts.push(
      single
        .map(([name], index) => {
          const { unit, help } = figures[name]!;
          return `${name.padEnd(width)}  ${numbers[index]!.padStart(wide)}  ${[unit, help].filter((each) => each !== "").join("  ")}`;
        })
        .join("\n"),
    );
  }
  const why = Object.entries(reasons);
  if (why.length > 0) parts.push(why.map(([reason, count]) => `${count} x ${reason}`).join("\n"));
  if (notes.length > 0) parts.push(notes.join("\n"));
  return parts.length === 0 ? "Nothing was measured." : parts.join("\n\n");
}

/** The last column is words: what the table put before them goes. */
function leftLast(text: string): string {
  const lines = text.split("\n");
  const at = lines[1]!.lastIndexOf("  ") + 2;
  return lines
    .map((line, index) =>
      index === 1 ? line.slice(0, at).trimEnd() : `${line.slice(0, at)}${line.slice(at).trim()}`.trimEnd(),
    )
    .join("\n");
}

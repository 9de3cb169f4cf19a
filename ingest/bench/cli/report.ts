/** What a bench prints and writes: plain tables, and one JSON file with the machine and every parameter. */
import { cpus, release, totalmem } from "node:os";

export type Cell = string | number;

/** Three significant digits are more than these measurements can hold. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size !== 0 && size < 0.0995) return value.toFixed(4);
  if (size < 9.95) return value.toFixed(2);
  return size < 99.5 ? value.toFixed(1) : Math.round(value).toString();
}

export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => (typeof cell === "number" ? figure(cell) : cell)));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const draw = (line: readonly string[]) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join("  ");
  return [draw(lines[0]!), widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1).map(draw)].join("\n");
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress goes to stderr, so that stdout can be piped. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export async function writeJson(file: string, bench: string, parameters: object, results: unknown): Promise<void> {
  if (file === "") return;
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    bun: Bun.version,
  };
  const document = { schema: 1, bench, date: new Date().toISOString(), machine, parameters, results };
  await Bun.write(file, `${JSON.stringify(document, null, 2)}\n`);
}

/** A row per second, as spreadsheets read it (RFC 4180). */
import type { Row } from "../tool/outcome.ts";

export function renderCsv(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? "" : String(value));
  return [names.join(","), ...rows.map((row) => names.map((name) => cell(row[name])).join(","))]
    .map((line) => `${line}\r\n`)
    .join("");
}

export async function writeCsv(file: string, rows: readonly Row[]): Promise<void> {
  if (file !== "") await Bun.write(file, renderCsv(rows));
}

/** Tables as text/csv (RFC 4180), for people who open them in a spreadsheet. */

export type Cell = string | number | null;

export interface Table {
  /** Of the file, without its ending: letters, digits and `-`. */
  readonly name: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** What a spreadsheet would take for a formula, also behind blanks and in full-width letters. */
const FORMULA = /^[\s\p{Cf}]*[=+\-@|%＝＋－＠]|^[\t\r\n]/u;
const QUOTED = /[",;\t\r\n]|^\s|\s$/;
const BEYOND_ASCII = /[^\p{ASCII}]/u;

/** Text that looks like a formula gets an apostrophe before it: a spreadsheet shows it as text. Numbers are ours and stay numbers. */
function cell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A byte order mark only where there are letters beyond ASCII: without it spreadsheets take them for other ones. */
export function encodeCsv({ header, rows }: Pick<Table, "header" | "rows">): string {
  const lines = [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
  return BEYOND_ASCII.test(lines) ? `\ufeff${lines}` : lines;
}

/** `headers`: what the answer has in any form. */
export function csvResponse(table: Table, headers: [string, string][]): Response {
  const all = new Headers(headers);
  all.set("content-type", "text/csv; charset=utf-8; header=present");
  all.set("content-disposition", `attachment; filename="${table.name}.csv"`);
  return new Response(encodeCsv(table), { headers: all });
}

/** How much a header wants a type, by its most exact range (RFC 9110 §12.5.1); 0: not at all. */
function weightOf(accept: string, type: "text/csv" | "application/json"): number {
  let best = { exactness: -1, weight: 0 };
  for (const range of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim());
    const exactness = [`*/*`, `${type.split("/")[0]}/*`, type].indexOf(name);
    const given = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, "");
    const weight = given === undefined ? 1 : /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(given) ? Number(given) : 0;
    if (exactness > best.exactness) best = { exactness, weight };
  }
  return best.weight;
}

/** `?format=` decides; without it, whether Accept would rather have CSV. */
export function wantsCsv(format: "json" | "csv" | undefined, accept: string | null): boolean {
  if (format !== undefined) return format === "csv";
  return accept !== null && weightOf(accept, "text/csv") > weightOf(accept, "application/json");
}

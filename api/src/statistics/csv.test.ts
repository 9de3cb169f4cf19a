import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Cell, encodeCsv, wantsCsv } from "./csv.ts";

/** RFC 4180, as a spreadsheet reads it. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  let field = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (isQuoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[at++];
      else isQuoted = false;
    } else if (letter === '"' && field === "") isQuoted = true;
    else if (letter === "," || letter === "\n") {
      rows.at(-1)!.push(field.replace(/\r$/, letter === "\n" ? "" : "\r"));
      field = "";
      if (letter === "\n") rows.push([]);
    } else field += letter;
  }
  return rows.slice(0, -1);
}

const rowsOf = (rows: readonly (readonly Cell[])[]) =>
  parse(encodeCsv({ header: ["a", "b"], rows }).replace(/^\ufeff/, "")).slice(1);

const hostile = fc
  .tuple(
    fc.constantFrom("", " ", "\t", "\r\n", "\u00a0", "\u200b", '"', "'"),
    fc.constantFrom("", "=", "+", "-", "@", "＝", "|", "%"),
    fc.string({ unit: "binary" }),
  )
  .map((parts) => parts.join(""));

describe("a CSV file", () => {
  test("parses back to what went in; what looks like a formula has an apostrophe before it", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, fc.option(fc.integer())), { minLength: 1 }), (rows) => {
        const read = rowsOf(rows);
        expect(read.length).toBe(rows.length);
        rows.forEach(([text, number], n) => {
          const [shown = "", figure] = read[n]!;
          expect(figure).toBe(number === null ? "" : String(number));
          if (shown !== text) expect(shown).toBe(`'${text}`);
          // Blanks before it hide a formula from people, not from spreadsheets.
          expect(shown.trimStart()).not.toMatch(/^[=+\-@|%＝＋－＠]/);
          expect(shown).not.toMatch(/^[\t\r\n]/);
        });
      }),
      { numRuns: 2_000 },
    ));

  test.each([
    ["=1+1", "'=1+1"],
    ["+7 900", "'+7 900"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["\r=1", "'\r=1"],
    ["  =1", "'  =1"],
    ["\u200b=1", "'\u200b=1"],
    ["＝1", "'＝1"],
    ["|cmd", "'|cmd"],
    ["a=1", "a=1"],
    ["'=1", "'=1"],
    ['Ёлки, палки; "да"\nнет', 'Ёлки, палки; "да"\nнет'],
    ["", ""],
  ])("%j is shown as %j", (text, shown) => {
    expect(rowsOf([[text, -5]])).toEqual([[shown, "-5"]]);
  });

  test("has a byte order mark only when there are letters that need it", () => {
    expect(encodeCsv({ header: ["a"], rows: [["x"]] })).toBe("a\r\nx\r\n");
    expect(encodeCsv({ header: ["a"], rows: [["ж"]] })).toBe("\ufeffa\r\nж\r\n");
  });
});

test.each([
  [undefined, null, false],
  [undefined, "", false],
  [undefined, "*/*", false],
  [undefined, "text/csv", true],
  [undefined, "TEXT/CSV; header=present", true],
  [undefined, "text/*", true],
  [undefined, "text/csv, */*;q=0.1", true],
  [undefined, "application/json, text/csv", false],
  [undefined, "application/json;q=0.9, text/csv", true],
  [undefined, "text/csv;q=0", false],
  [undefined, "text/csv;q=2", false],
  [undefined, ",;q=,text/csv;q", true],
  ["json", "text/csv", false],
  ["csv", "application/json", true],
] as const)("format %p with Accept %p: %p", (format, accept, expected) => {
  expect(wantsCsv(format, accept)).toBe(expected);
});

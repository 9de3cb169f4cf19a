/** The tables of docs/security.md. */

/** A test that holds a mitigation. */
export interface Held {
  readonly file: string;
  readonly title: string;
}

export interface Threat {
  readonly part: string;
  /** A letter of STRIDE. */
  readonly kind: string;
  readonly held: readonly Held[];
}

const cells = (line: string): string[] =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

/** Rows below `### part` headings. Throws for a cell of tests that is none. */
export function threatsOf(markdown: string): readonly Threat[] {
  const found: Threat[] = [];
  let part = "";
  for (const line of markdown.split("\n")) {
    if (/^##/.test(line)) part = /^### (.+)/.exec(line)?.[1] ?? "";
    if (part === "" || !/^\| [A-Z] \|/.test(line)) continue;
    const [kind = "", , , tests = ""] = cells(line);
    const held = tests.split("<br>").map((text) => {
      const [, file, title] = /^`([^`]+)` › (.+)$/.exec(text) ?? [];
      if (file === undefined || title === undefined) throw new Error(`${part}, ${kind}: no test in "${text}"`);
      return { file, title };
    });
    found.push({ part, kind, held });
  }
  return found;
}

const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * Whether a source has a test of that title which is run: as the first argument of `test(…)`, of the table's `test.each(…)(…)`, or as the
 * name of a case of `bun run chaos`.
 */
export function hasTest(source: string, title: string): boolean {
  const code = source.replace(/^\s*\/\/.*$/gm, "").replace(/^\s*\/\*[\s\S]*?\*\//gm, "");
  const literal = `(["'\`])${quoted(title)}\\1`;
  const places = [`(?<![.\\w])test\\(\\s*${literal}`, `\\)\\(\\s*${literal}`, `\\bname: ${literal}`];
  return places.some((place) => new RegExp(place).test(code));
}

/** `docs/runbooks`: a file for each alert. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const RUNBOOK_FOLDER = join(import.meta.dir, "..", "..", "docs", "runbooks");

/** What it has somebody ask Prometheus: the lines of its `promql` blocks. */
export function runbookQueries(alert: string): string[] {
  const text = readFileSync(join(RUNBOOK_FOLDER, `${alert}.md`), "utf8");
  return [...text.matchAll(/^```promql\n([\s\S]*?)^```$/gm)].flatMap(([, lines = ""]) =>
    lines.split("\n").filter((line) => line !== ""),
  );
}

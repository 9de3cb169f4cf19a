import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What axe-core finds wrong on the page, as "impact rule: element" lines. */
export async function violations(page: Page): Promise<string[]> {
  // evaluate() is not subject to the page's Content-Security-Policy, as a script element would be.
  await page.evaluate(axe.source);
  const results = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as AxeResults;
  return results.violations.flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => `${impact ?? "unknown"} ${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`),
  );
}

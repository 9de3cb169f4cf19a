/** Whoever is called finds what to do, and nothing that is about an alert that is no more. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readRules } from "./prometheus-files.ts";
import { RUNBOOK_FOLDER, runbookQueries } from "./runbooks.ts";

const names = readRules().flatMap(({ alert }) => (alert === undefined ? [] : [alert]));

test("each alert has its runbook, and each runbook its alert", () => {
  expect(readdirSync(RUNBOOK_FOLDER).sort()).toEqual(names.map((name) => `${name}.md`).sort());
});

test("each says what it means, who is hurt, and how to look, mend and prevent", () => {
  for (const name of names) {
    const text = readFileSync(join(RUNBOOK_FOLDER, `${name}.md`), "utf8");
    const parts = text.split("\n\n").flatMap((part) => /^(# \w+$|\*\*[A-Z][\w ]+\.\*\*)/.exec(part)?.[1] ?? []);
    expect(parts).toEqual([`# ${name}`, "**Who is hurt.**", "**Look.**", "**Mend.**", "**Prevent.**"]);
    expect(runbookQueries(name).length).toBeGreaterThan(0);
    for (const [, link] of text.matchAll(/\]\(([^)#:]+)\)/g))
      expect([name, link, existsSync(join(RUNBOOK_FOLDER, link!))]).toEqual([name, link!, true]);
  }
});

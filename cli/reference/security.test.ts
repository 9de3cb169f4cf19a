/** docs/security.md against the tests that it names: a mitigation without a test, or with one that is gone, fails here. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./packages.ts";
import { hasTest, threatsOf } from "./threats.ts";

const text = readFileSync(join(ROOT, "docs", "security.md"), "utf8");
const threats = threatsOf(text);
const parts = [...new Set(threats.map(({ part }) => part))];

describe("the threat model", () => {
  test("names only tests that there are", () => {
    const missing = threats
      .flatMap(({ held }) => held)
      .filter(
        ({ file, title }) => !existsSync(join(ROOT, file)) || !hasTest(readFileSync(join(ROOT, file), "utf8"), title),
      );
    expect(missing).toEqual([]);
    expect(threats.every(({ held }) => held.length > 0)).toBe(true);
  });

  test("looks at every part", () => {
    expect(parts).toEqual([
      "RTMP ingest",
      "Media processing and recordings",
      "Gateway",
      "API and sessions",
      "Site",
      "Playback tokens",
      "Chat and live events",
      "Uploads",
      "Webhooks, push, letters, restreaming",
      "Bus",
      "Database and backups",
      "Metrics",
      "Supply chain and deployment",
    ]);
  });

  test.each(parts)("%s: each kind of STRIDE has a row, or is said to be a gap or none", (part) => {
    const [section = ""] = text.split(`### ${part}\n`)[1]?.split(/^##/m) ?? [];
    const without = /^Not here: (.*?)\(/m.exec(section)?.[1] ?? "";
    const gaps = [...text.split("## Known gaps")[1]!.matchAll(/^\| ([STRIDE]) \| ([^|]+) \|/gm)]
      .filter(([, , name]) => part.startsWith(name!.trim()))
      .map(([, kind]) => kind!);
    const kinds = new Set([
      ...threats.filter((threat) => threat.part === part).map(({ kind }) => kind),
      ...gaps,
      ...[...without.matchAll(/\*\*(\w)\*\*/g)].map(([, kind]) => kind!),
    ]);
    expect([..."STRIDE"].filter((kind) => !kinds.has(kind))).toEqual([]);
  });
});

describe("a test is there", () => {
  test.each([
    ['test("it works", () => {});', true],
    ["  test('it works', async () => {});", true],
    ['test.each([[1], [2]])("it works", () => {});', true],
    ['test.each([\n  [1],\n])(\n  "it works",\n  () => {},\n);', true],
    ['  name: "it works",', true],
    ['test.skip("it works", () => {});', false],
    ['test.todo("it works");', false],
    ['// test("it works", () => {});', false],
    ['/*\ntest("it works", () => {});\n*/', false],
    ['test("it works not", () => {});', false],
    ['expect("it works").toBe(1);', false],
  ])("%j: %p", (source, there) => expect(hasTest(source, "it works")).toBe(there));

  test("a cell that names none is refused", () => {
    expect(() => threatsOf("### Door\n\n| S | a | b | nobody |\n")).toThrow("Door, S");
    expect(
      threatsOf("### Door\n\n| S | a | b | `x.test.ts` › a title<br>`y.test.ts` › b |\n## End\n| S | no |\n"),
    ).toEqual([
      {
        part: "Door",
        kind: "S",
        held: [
          { file: "x.test.ts", title: "a title" },
          { file: "y.test.ts", title: "b" },
        ],
      },
    ]);
  });
});

import { describe, expect, test } from "bun:test";
import { RULES } from "./rules/rules.ts";
import { makeModelClient } from "./testing/model-client.ts";
import { DASH_VECTORS } from "./testing/vectors-dash.ts";
import { MEDIA_VECTORS } from "./testing/vectors-media.ts";
import { PLAYLIST_VECTORS, type Vector } from "./testing/vectors-playlist.ts";

const VECTORS: readonly Vector[] = [...PLAYLIST_VECTORS, ...MEDIA_VECTORS, ...DASH_VECTORS];

function play(script: Vector["good"]) {
  const client = makeModelClient();
  script(client);
  return client.violations;
}

describe("conformance rules", () => {
  for (const { rule, case: name, good, bad } of VECTORS) {
    test(`${rule}: ${name}`, () => {
      expect(play(good)).toEqual([]);
      const found = play(bad);
      expect(found.map((violation) => violation.rule)).toContain(rule);
      for (const { where, detail } of found) {
        expect(where).not.toContain("http");
        expect(detail).not.toBe("");
      }
    });
  }

  test("every rule has a case that breaks it, and every case a rule", () => {
    const broken = new Set(VECTORS.map(({ rule }) => rule));
    expect([...broken].sort()).toEqual(RULES.map(({ name }) => name).sort());
  });

  test("docs/conformance.md lists them", async () => {
    const text = await Bun.file(new URL("../../../docs/conformance.md", import.meta.url)).text();
    const rows = RULES.map(
      ({ name, section, severity, demands }) => `| \`${name}\` | ${section} | ${severity} | ${demands} |`,
    );
    expect(text.split("\n").filter((line) => line.startsWith("| `"))).toEqual(rows);
  });

  test("names are labels, sections are named", () => {
    for (const { name, section, demands } of RULES) {
      expect(name).toMatch(/^(hls|dash|http)\.[a-z-]+$/);
      expect(section).toMatch(/§|Apple/);
      expect(demands).toEndWith(".");
    }
  });
});

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { isAllowed, LICENCES_FILE, licences, questionable, ships } from "./licences.ts";
import { homepageOf, type Lock, licenceOf, packagesOf, readPackages } from "./packages.ts";
import { purlOf, sbom } from "./sbom.ts";

const { packages, direct } = readPackages();

const LOCK: Lock = {
  workspaces: {
    "": { name: "house", dependencies: { web: "workspace:*", server: "1.0.0" }, devDependencies: { checker: "1.0.0" } },
    web: { name: "web", dependencies: { player: "1.0.0", vite: "1.0.0", deep: "2.0.0" } },
  },
  packages: {
    web: ["web@workspace:web"],
    server: [
      "server@1.0.0",
      "",
      { dependencies: { deep: "^1.0.0" }, peerDependencies: { typescript: "*", rare: "*" }, optionalPeers: ["rare"] },
      "sha512-AA==",
    ],
    rare: ["rare@1.0.0", "", {}, "sha512-AA=="],
    deep: [
      "deep@1.0.0",
      "",
      { optionalDependencies: { "@deep/native-linux-x64": "1.0.0", "@deep/native-win32-x64": "1.0.0" } },
      "sha512-AA==",
    ],
    "web/deep": ["deep@2.0.0", "", {}, "sha512-AA=="],
    "@deep/native-linux-x64": ["@deep/native-linux-x64@1.0.0", "", { os: "linux" }, "sha512-AA=="],
    "@deep/native-win32-x64": ["@deep/native-win32-x64@1.0.0", "", { os: "win32" }, "sha512-AA=="],
    player: ["player@1.0.0", "", { dependencies: { deep: "^1.0.0" } }, "sha512-AA=="],
    vite: ["vite@1.0.0", "", { dependencies: { checker: "*" } }, "sha512-AA=="],
    checker: ["checker@1.0.0", "", { dependencies: { rare: "*" } }, "sha512-AA=="],
    typescript: ["typescript@1.0.0", "", {}, "sha512-AA=="],
  },
};

describe("what a package is for", () => {
  const found = packagesOf(LOCK, (name) => (name.includes("win32") ? null : { license: "MIT" }));
  const named = (name: string, version = "1.0.0") =>
    found.packages.find((one) => one.name === name && one.version === version);

  test("is the most public use that reaches it", () => {
    expect(found.packages.map(({ name, version, use }) => `${name}@${version} ${use}`)).toEqual([
      "@deep/native-linux-x64@1.0.0 server",
      "@deep/native-win32-x64@1.0.0 server",
      "checker@1.0.0 build",
      "deep@1.0.0 server",
      "deep@2.0.0 site",
      "player@1.0.0 site",
      "rare@1.0.0 build",
      "server@1.0.0 server",
      "typescript@1.0.0 build",
      "vite@1.0.0 build",
    ]);
  });
  test("and what it needs is as it finds it", () => {
    expect(named("server")?.needs).toEqual(["deep@1.0.0", "typescript@1.0.0"]);
    expect(found.direct).toEqual(["checker@1.0.0", "deep@2.0.0", "player@1.0.0", "server@1.0.0", "vite@1.0.0"]);
  });
  test("one for another system has the licence of its kind", () => {
    expect(named("@deep/native-win32-x64")).toMatchObject({ family: "@deep/native-*", licence: "MIT" });
  });
});

test.each([
  [{ license: "MIT" }, "MIT"],
  [{ license: "(MIT OR CC0-1.0)" }, "MIT OR CC0-1.0"],
  [{ license: { type: "ISC" } }, "ISC"],
  [{ licenses: [{ type: "MIT" }, { type: "GPL-2.0" }] }, "MIT OR GPL-2.0"],
  [{}, null],
])("the licence of %j", (manifest, licence) => expect(licenceOf(manifest)).toBe(licence));

test.each([
  [{ homepage: "https://example.org/x", repository: "a/b" }, "https://example.org/x"],
  [{ repository: "a/b" }, "https://github.com/a/b"],
  [{ repository: { url: "git+ssh://git@github.com/a/b.git" } }, "https://github.com/a/b"],
  [{ homepage: "javascript:alert(1)" }, null],
  [{}, null],
])("the address of %j", (manifest, address) => expect(homepageOf(manifest)).toBe(address));

describe("licences", () => {
  test.each([
    ["MIT", true],
    ["GPL-3.0-only", false],
    ["MIT OR GPL-3.0-only", true],
    ["MIT AND GPL-3.0-only", false],
    ["(MIT OR GPL-2.0-only) AND ISC", true],
    ["AGPL-3.0-only OR GPL-3.0-only", false],
  ])("%s is allowed: %s", (licence, allowed) => expect(isAllowed(licence)).toBe(allowed));

  test("a package that is handed on has one that somebody looked at", () => {
    expect(packages.filter(ships).length).toBeGreaterThan(100);
    expect(questionable(packages)).toEqual([]);
    const copyleft = { ...packages.find(({ use }) => use === "site")!, licence: "AGPL-3.0-only" };
    expect(questionable([copyleft])).toEqual([`${copyleft.name}@${copyleft.version}: AGPL-3.0-only`]);
    expect(questionable([{ ...copyleft, licence: null }])).toHaveLength(1);
  });

  test("docs/licences.md is that of the lockfile: bun run reference", () => {
    expect(readFileSync(LICENCES_FILE, "utf8") === licences(packages)).toBe(true);
  });
});

describe("the bill of materials", () => {
  const text = sbom(packages, direct);

  test("is valid CycloneDX 1.6", async () => {
    const wrong = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
    expect(wrong).toBeNull();
    const broken = text.replace('"library"', '"librarian"');
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(broken)).not.toBeNull();
  });

  test("has every package of the lockfile with address, version, hash, licence and what it needs", () => {
    const { components, dependencies, metadata } = JSON.parse(text) as {
      components: {
        "bom-ref": string;
        purl: string;
        version: string;
        hashes: { alg: string; content: string }[];
        licenses?: unknown[];
        scope: string;
      }[];
      dependencies: { ref: string; dependsOn?: string[] }[];
      metadata: { component: { "bom-ref": string } };
    };
    expect(components.map((one) => one["bom-ref"]).sort()).toEqual(packages.map((one) => `${one.name}@${one.version}`));
    for (const one of components) {
      expect(one.purl).toMatch(/^pkg:npm\/[^@]+@[^@]+$/);
      expect(one.hashes[0]).toMatchObject({ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) });
      if (one.scope !== "excluded") expect(one.licenses, one.purl).toHaveLength(1);
    }
    const needs = new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn ?? []]));
    expect(needs.get(metadata.component["bom-ref"])).toEqual([...direct]);
    const pino = packages.find(({ name }) => name === "pino")!;
    expect(needs.get(`pino@${pino.version}`)).toEqual([...pino.needs]);
  });

  test("is the same bytes for the same lockfile", () => {
    const again = readPackages();
    expect(sbom(again.packages, again.direct) === text).toBe(true);
  });

  test("addresses encode the scope", () => {
    expect(purlOf({ name: "@img/sharp-linux-x64", version: "1.0.0+a" })).toBe(
      "pkg:npm/%40img/sharp-linux-x64@1.0.0%2Ba",
    );
  });
});

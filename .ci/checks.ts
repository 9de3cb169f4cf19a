/**
 * All checks, one after the other (two cores: side by side they would only wait for each other), with one line of totals at
 * the end: "N passed, N failed". A skipped test counts as failed: nothing may be skipped in silence.
 * `npm test -- db api` runs only the test groups named.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = (name: string) => join("node_modules", ".bin", name);

/** Groups of `bun test`, each a process of its own, so that one that crashes or leaks does not take the others along. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  house: ["./layers.test.ts", "./cli"],
  db: ["./db"],
  api: ["./api"],
  ingest: ["./ingest"],
  web: ["./web"],
};

const STATIC_CHECKS: readonly (readonly string[])[] = [
  [bin("biome"), "ci", "--colors=off", "."],
  [bin("tsc"), "--noEmit", "-p", "tsconfig.json"],
  [bin("tsc"), "--noEmit", "-p", "web/tsconfig.json"],
];

/** Tests with real servers and a real browser bound their own steps; this only ends one that hangs. */
const TEST_TIMEOUT = 120_000;

let passed = 0;
let failed = 0;

async function run(command: readonly string[]): Promise<boolean> {
  const started = performance.now();
  console.log(`\n$ ${command.join(" ")}`);
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "inherit", stderr: "inherit" });
  const ok = (await child.exited) === 0;
  console.log(`# ${ok ? "ok" : "FAILED"} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return ok;
}

function totals(report: string): { tests: number; bad: number } {
  const head = /<testsuites[^>]*>/.exec(report)?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  return { tests: count("tests"), bad: count("failures") + count("errors") + count("skipped") };
}

async function runTests(name: string, paths: readonly string[], folder: string): Promise<void> {
  const report = join(folder, `${name}.xml`);
  const ok = await run([
    process.execPath,
    "test",
    `--timeout=${TEST_TIMEOUT}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...paths,
  ]);
  let counted = { tests: 0, bad: 0 };
  try {
    counted = totals(readFileSync(report, "utf8"));
  } catch {
    console.log(`# ${name}: no report was written`);
  }
  // A group that fails without a failed test (a crash, an unhandled error, no tests at all) is a failure all the same.
  const bad = ok && counted.tests > 0 ? counted.bad : Math.max(1, counted.bad);
  passed += Math.max(0, counted.tests - counted.bad);
  failed += bad;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  console.error(`There is no test group ${unknown.join(", ")}. Groups: ${Object.keys(GROUPS).join(", ")}.`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "streamhub-checks-"));
try {
  if (chosen.length === 0) {
    for (const check of STATIC_CHECKS) {
      if (await run(check)) passed++;
      else failed++;
    }
  }
  for (const [name, paths] of Object.entries(GROUPS)) {
    if (chosen.length === 0 || chosen.includes(name)) await runTests(name, paths, folder);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/**
 * All checks, with the names of the tests that failed and one line of totals at the end: "N passed, N failed". What drives real
 * encoders and browsers has the machine to itself; the rest goes two at a time. A skipped test counts as failed: nothing may be
 * skipped in silence. `npm test -- db api` runs only the test groups named.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bin = (name: string) => join("node_modules", ".bin", name);

/**
 * Groups of `bun test`, each a process of its own, so that one that crashes or leaks does not take the others along. The longest
 * come first: what is short fills the end of the lanes.
 */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  web: ["./web"],
  house: ["./layers.test.ts", "./cli", "./deploy"],
  ingest: ["./ingest"],
  api: ["./api"],
  db: ["./db"],
};

const STATIC_CHECKS: readonly (readonly string[])[] = [
  [bin("biome"), "ci", "--colors=off", "."],
  [bin("tsc"), "--noEmit", "-p", "tsconfig.json"],
  [bin("tsc"), "--noEmit", "-p", "web/tsconfig.json"],
];

/** Tests with real servers and a real browser bound their own steps; this only ends one that hangs. */
const TEST_TIMEOUT = 120_000;

/** Groups that run with nothing beside them: their players and encoders keep to the clock. */
const ALONE: ReadonlySet<string> = new Set(["web", "house"]);
/** How many of the other checks run at a time. */
const LANES = 2;

let passed = 0;
let failed = 0;
/** Told once more at the end: between thousands of lines nobody finds them. */
const failures: string[] = [];

/** Copies the lines of a child to our own output, behind the name of its check: two checks write at the same time. */
async function tell(name: string, output: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of output) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) process.stdout.write(`${lines.map((line) => `${name} | ${line}`).join("\n")}\n`);
  }
  if (rest !== "") process.stdout.write(`${name} | ${rest}\n`);
}

async function run(name: string, command: readonly string[]): Promise<boolean> {
  const started = performance.now();
  console.log(`${name} $ ${command.join(" ")}`);
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const told = [tell(name, child.stdout), tell(name, child.stderr)];
  const ok = (await child.exited) === 0;
  // A process that a test left behind may hold the pipe: its check is over all the same.
  await Promise.race([Promise.all(told), Bun.sleep(5_000)]);
  console.log(`${name} # ${ok ? "ok" : "FAILED"} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return ok;
}

const plain = (text: string) =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");

/** File and name of each test of a JUnit report that failed or was skipped. */
function failuresOf(report: string): string[] {
  const found: string[] = [];
  for (const [, attributes = "", inside = ""] of report.matchAll(
    /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
  )) {
    if (!/<(failure|error|skipped)\b/.test(inside)) continue;
    const attribute = (name: string) => plain(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    found.push(
      [attribute("file"), attribute("classname"), attribute("name")].filter((word) => word !== "").join(" > "),
    );
  }
  return found;
}

function totals(report: string): { tests: number; bad: number } {
  const head = /<testsuites[^>]*>/.exec(report)?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(`${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  return { tests: count("tests"), bad: count("failures") + count("errors") + count("skipped") };
}

async function runTests(name: string, paths: readonly string[], folder: string): Promise<void> {
  const report = join(folder, `${name}.xml`);
  const ok = await run(name, [
    process.execPath,
    "test",
    `--timeout=${TEST_TIMEOUT}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...paths,
  ]);
  let counted = { tests: 0, bad: 0 };
  try {
    const text = readFileSync(report, "utf8");
    counted = totals(text);
    failures.push(...failuresOf(text).map((test) => `${name} | ${test}`));
  } catch {
    console.log(`# ${name}: no report was written`);
  }
  // A group that fails without a failed test (a crash, an unhandled error, no tests at all) is a failure all the same.
  const bad = ok && counted.tests > 0 ? counted.bad : Math.max(1, counted.bad);
  if (!ok && counted.bad === 0) failures.push(`${name} | the group as a whole: a crash, or an error outside its tests`);
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
const wanted = Object.entries(GROUPS).filter(([name]) => chosen.length === 0 || chosen.includes(name));
const jobOf =
  ([name, paths]: readonly [string, readonly string[]]) =>
  () =>
    runTests(name, paths, folder);
const beside = wanted.filter(([name]) => !ALONE.has(name)).map(jobOf);
if (chosen.length === 0) {
  beside.push(async () => {
    for (const check of STATIC_CHECKS) {
      if (await run("static", check)) passed++;
      else {
        failed++;
        failures.push(`static | ${check.join(" ")}`);
      }
    }
  });
}
async function lane(): Promise<void> {
  for (let job = beside.shift(); job !== undefined; job = beside.shift()) await job();
}
try {
  for (const group of wanted) if (ALONE.has(group[0])) await jobOf(group)();
  await Promise.all(Array.from({ length: LANES }, lane));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) console.log(`\nFailed:\n${failures.join("\n")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

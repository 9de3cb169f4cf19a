/**
 * `bun run chaos`: what StreamHub promises when something breaks, tried on real servers on loopback, one after the other, with an end for everything.
 * `--only TEXT` runs the cases whose name has the text, `--outage SECONDS` says how long what fails stays away.
 */
import { parseArgs } from "node:util";
import { table } from "../../ingest/bench/cli/report.ts";
import type { Case } from "./case.ts";
import { clock } from "./cases/clock.ts";
import { hostile } from "./cases/hostile.ts";
import { kills } from "./cases/kills.ts";
import { outages } from "./cases/outages.ts";
import { onStage } from "./stage.ts";

const CASES: readonly Case[] = [...kills, ...outages, ...clock, ...hostile];

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    outage: { type: "string", default: "30" },
    list: { type: "boolean", default: false },
  },
});
const outage = Number(values.outage);
if (!(outage > 0 && outage <= 600)) {
  console.error("--outage takes seconds, above 0 and at most 600.");
  process.exit(2);
}
const chosen = CASES.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) {
  console.error(`No case has "${values.only}" in its name. --list names them.`);
  process.exit(2);
}
if (values.list) {
  for (const { name } of chosen) console.log(name);
  process.exit(0);
}

const rows: string[][] = [];
let failed = 0;
for (const { name, run } of chosen) {
  process.stderr.write(`${name} … `);
  try {
    const { wentOn, refused = "", recovered = "" } = await onStage(outage, run);
    rows.push(["passed", name, wentOn, refused, recovered]);
    process.stderr.write("passed\n");
  } catch (error) {
    failed++;
    const sentence = error instanceof Error ? error.message : String(error);
    rows.push(["FAILED", name, sentence, "", ""]);
    process.stderr.write(`FAILED: ${sentence}\n`);
  }
}
console.log(table(["", "case", "what went on", "refused, counted", "recovered"], rows));
console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

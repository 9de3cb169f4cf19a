/**
 * `bun run difference`: many generated broadcasts through the native remuxer and through ffmpeg, compared sample by sample as ffprobe reads them.
 * `--runs N`, `--seconds N` (the end of it, whatever is left then), `--seed N` for the same shapes again, `--shape JSON` for one. Exits with 1 where they disagree.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import { differences } from "./differences.ts";
import { type Shape, shape, tagsOf } from "./shapes.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "500" },
    seconds: { type: "string", default: "3600" },
    shape: { type: "string", default: "" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const [runs, seconds, seed] = [Number(values.runs), Number(values.seconds), Number(values.seed)];
for (const [name, value] of Object.entries({ runs, seconds }))
  if (!(Number.isInteger(value) && value > 0 && value <= 100_000))
    fail(`--${name} takes a whole number from 1 to 100000.`);
if (!Number.isInteger(seed)) fail("--seed takes a whole number.");

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}

async function tell(number: number, made: Shape): Promise<boolean> {
  const found = await differences(await tagsOf(made)).catch((error: unknown) => [String(error)]);
  if (found.length === 0) return true;
  console.log(`\n${number}: ${JSON.stringify(made)}\n  ${found.join("\n  ")}`);
  return false;
}

const end = performance.now() + seconds * 1000;
let agreed = 0;
let disagreed = 0;
const shapes = values.shape === "" ? fc.sample(shape, { numRuns: runs, seed }) : [JSON.parse(values.shape) as Shape];
for (const [number, made] of shapes.entries()) {
  if (performance.now() > end) break;
  if (await tell(number, made)) agreed++;
  else disagreed++;
  if ((number + 1) % 25 === 0) console.error(`${number + 1} of ${shapes.length}: ${disagreed} disagreed so far`);
}
const left = shapes.length - agreed - disagreed;
console.log(
  `\nseed ${seed}: ${agreed} agreed, ${disagreed} disagreed${left > 0 ? `, ${left} not tried within ${seconds} s` : ""}`,
);
process.exit(disagreed === 0 && left === 0 ? 0 : 1);

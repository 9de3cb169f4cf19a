/** `compare`: the servers of bench.toml by turns, several rounds, medians with their spread, one table and one page. */
import { join } from "node:path";
import type { Bench } from "../cli/bench.ts";
import { describeOptions, option, parseOptions, UsageError } from "../cli/options.ts";
import { progress, say } from "../cli/report.ts";
import { handleSignals } from "../measure/children.ts";
import { type ComparedRow, renderCompared, writeCompared } from "../report/compared.ts";
import type { Contender, RunningContender } from "../servers/contender.ts";
import { installNodeMediaServer } from "../servers/node-media-server.ts";
import { figureValue, readPlan, type Scenario, type ScenarioBench, titleOf } from "../tool/plan.ts";
import { openSession, RunFailure } from "../tool/session.ts";
import { boundOfHls, HLS_FIGURES, hlsDefaults, hlsOptions, runHls } from "./hls.ts";
import { boundOfPlay, PLAY_FIGURES, playDefaults, playOptions, runPlay } from "./play.ts";
import { boundOfPublish, PUBLISH_FIGURES, publishDefaults, publishOptions, runPublishAny } from "./publish-any.ts";

const options = {
  file: option(
    "file",
    "",
    "servers and scenarios as TOML; without it, all that are known and installed: ingest/bench/bench.toml",
  ),
  rounds: option("rounds", 0, "rounds instead of the file's"),
  only: option("only", "", "only these servers, such as streamhub,nginx-rtmp"),
  scenarios: option("scenarios", "", "only these scenarios, such as '100 paced,connect'"),
  install: option("install", false, "install node-media-server by npm into a temporary folder first"),
  json: option("json", "", "write machine, versions, every parameter and all results to this file"),
  html: option("html", "", "write a page with the table and charts to this file, all in one"),
};

const DEFAULT_FILE = join(import.meta.dir, "..", "bench.toml");
const first = (url: string | null) => url?.replaceAll("{n}", "1") ?? null;
const watch = (url: string | null, { publish }: RunningContender) =>
  url === null ? null : { url: first(url), publish: first(publish) };

const play = { figures: PLAY_FIGURES, options: playOptions, defaults: playDefaults, bound: boundOfPlay, run: runPlay };
const view = { figures: HLS_FIGURES, options: hlsOptions, defaults: hlsDefaults, bound: boundOfHls, run: runHls };
export const SCENARIO_BENCHES: Readonly<Record<string, ScenarioBench>> = {
  publish: {
    figures: PUBLISH_FIGURES,
    options: publishOptions,
    defaults: publishDefaults,
    bound: boundOfPublish,
    run: runPublishAny,
    aim: ({ publish }) => ({ url: publish }),
  },
  play: { ...play, aim: (server) => watch(server.play, server) },
  flv: { ...play, aim: (server) => watch(server.flv, server) },
  hls: { ...view, aim: (server) => watch(server.hls, server) },
  dash: { ...view, aim: (server) => watch(server.dash, server) },
};

function pick<T extends { readonly name: string }>(all: readonly T[], list: string, what: string): T[] {
  if (list === "") return [...all];
  return list.split(",").map((text) => {
    const found = all.find(({ name }) => name === text.trim());
    if (found === undefined)
      throw new UsageError(`There is no ${what} "${text.trim()}". Known: ${all.map(({ name }) => name).join(", ")}.`);
    return found;
  });
}

interface Run {
  readonly control: AbortController;
  readonly rows: Map<string, ComparedRow>;
  readonly failures: string[];
}

/** One scenario against one server that is started for it. */
async function measure(contender: Contender, scenario: Scenario, { control, rows, failures }: Run): Promise<void> {
  const cellsOf = (title: string, unit: string): number[] => {
    const key = `${scenario.name}\n${title}`;
    const row = rows.get(key) ?? { scenario: scenario.name, figure: title, unit, cells: {} };
    rows.set(key, row);
    row.cells[contender.name] ??= [];
    return row.cells[contender.name]!;
  };
  const tell = (text: string) => progress(`  ${contender.name}: ${scenario.name}: ${text}`);
  let server: RunningContender | null = null;
  const opened = openSession(scenario.table);
  const abort = () => opened.abort();
  control.signal.addEventListener("abort", abort, { once: true });
  try {
    server = await contender.start();
    const run = scenario.run(server);
    if (run === null) return;
    const late = Bun.sleep(scenario.bound * 1_000).then(() => {
      throw new RunFailure("it did not end in time");
    });
    await Promise.race([run(opened.session), late]);
    if (control.signal.aborted) return;
    const outcome = opened.outcome();
    const shown = scenario.figures.map((figure) => {
      const value = figureValue(figure, outcome);
      cellsOf(titleOf(figure), figure.unit).push(value);
      return `${titleOf(figure)} ${Number(value.toPrecision(3))}`;
    });
    tell([...shown, ...outcome.notes.filter((note) => note.includes("limit") || note.includes("busy"))].join(", "));
    for (const sentence of opened.failures) failures.push(`${contender.name}: ${scenario.name}: ${sentence}`);
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    for (const figure of scenario.figures) cellsOf(titleOf(figure), figure.unit).push(Number.NaN);
    failures.push(`${contender.name}: ${scenario.name}: ${sentence}`);
    tell(`failed: ${sentence}`);
  } finally {
    control.signal.removeEventListener("abort", abort);
    await opened.close();
    await server?.stop();
  }
}

async function compare(values: NonNullable<ReturnType<typeof parseOptions<typeof options>>>): Promise<number> {
  const file = values.file === "" ? DEFAULT_FILE : values.file;
  const text = await Bun.file(file)
    .text()
    .catch(() => {
      throw new UsageError(`${file} can't be read.`);
    });
  const plan = readPlan(text, SCENARIO_BENCHES);
  const rounds = values.rounds === 0 ? plan.rounds : values.rounds;
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new UsageError("--rounds must be 1 to 100.");
  const scenarios = pick(plan.scenarios, values.scenarios, "scenario");
  const wanted = pick(plan.servers, values.only, "server");
  if (values.install) {
    progress("Installing node-media-server (once) …");
    const failed = await installNodeMediaServer();
    if (failed !== null) progress(failed);
  }
  const servers: Contender[] = [];
  const missing: string[] = [];
  for (const contender of wanted) {
    const reason = contender.unavailable();
    if (reason === null) servers.push(contender);
    else missing.push(`${contender.name}: ${reason}`);
  }
  for (const line of missing) progress(`Left out ${line}`);
  if (servers.length === 0) throw new UsageError("None of the servers is installed.");
  const run: Run = { control: new AbortController(), rows: new Map(), failures: [] };
  let toldAt = 0;
  handleSignals((_, leave) => {
    const now = performance.now();
    if (toldAt !== 0 && now - toldAt > 400) leave();
    if (toldAt !== 0) return;
    toldAt = now;
    run.control.abort();
  });
  const started = Date.now();
  for (let round = 1; round <= rounds && !run.control.signal.aborted; round++) {
    progress(`Round ${round} of ${rounds}`);
    // Every other round begins with the other end, so that nobody always goes first.
    const order = round % 2 === 1 ? servers : servers.toReversed();
    for (const scenario of scenarios)
      for (const contender of order) if (!run.control.signal.aborted) await measure(contender, scenario, run);
    const left = ((Date.now() - started) / round) * (rounds - round);
    if (round < rounds) progress(`About ${Math.ceil(left / 60_000)} minutes left`);
  }
  const names = servers.map(({ name }) => name);
  const rows = [...run.rows.values()];
  say(`${rounds === 1 ? "One round" : `Medians of ${rounds} rounds ± half the distance between the extremes`}.\n`);
  say(renderCompared(names, rows));
  if (run.control.signal.aborted) say("\nInterrupted: this is what was measured until then.");
  const { failures } = run;
  await writeCompared(
    { json: values.json, html: values.html },
    { names, rows, parameters: { ...values, file, rounds }, failures, missing, plan: text },
  );
  for (const sentence of new Set(failures)) process.stderr.write(`${sentence}\n`);
  return run.control.signal.aborted ? 130 : failures.length > 0 ? 1 : 0;
}

export const compareAnyBench: Bench = {
  name: "compare",
  summary:
    "servers by turns, several rounds, one table: StreamHub, nginx-rtmp, node-media-server, SRS, MediaMTX, or any of yours",
  async main(args) {
    try {
      const values = parseOptions(options, args);
      if (values !== null) return await compare(values);
      say(`streamhub bench compare: ${compareAnyBench.summary}\n\n${describeOptions(options)}\n`);
      say(
        "With --servers ours,nginx (or other flags of it) the shorter comparison of before: `compare --servers ours,nginx --help`.",
      );
      say("\nExit codes: 0 measured; 1 something failed; 2 wrong use; 130 Ctrl-C.");
      return 0;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
  },
};

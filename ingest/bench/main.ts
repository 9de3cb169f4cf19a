/** `streamhub bench NAME`: measurements of RTMP servers. Each bench is a subcommand with its own --help. See docs/bench.md. */
import type { Bench } from "./cli/bench.ts";
import { say } from "./cli/report.ts";

/** Whether the bench is meant that starts servers of its own: its flags are there, or none that the other has. */
function isSideBySide(args: readonly string[], flags: readonly string[]): boolean {
  return hasAny(args, flags) || !hasAny(args, ["--url", "--help", "-h"]);
}

function hasAny(args: readonly string[], flags: readonly string[]): boolean {
  return args.some((arg) => flags.some((flag) => arg === flag || arg.startsWith(`${flag}=`)));
}

type Load = (args: readonly string[]) => Promise<Bench>;

/** Loaded when asked for. */
const ANY_SERVER: Readonly<Record<string, Load>> = {
  publish: async (args) =>
    isSideBySide(args, ["--servers", "--seconds", "--settle", "--tick"])
      ? (await import("./benches/publish.ts")).publishBench
      : (await import("./benches/publish-any.ts")).publishAnyBench,
  play: async () => (await import("./benches/play.ts")).playBench,
  hls: async () => (await import("./benches/hls.ts")).hlsBench,
  latency: async () => (await import("./benches/latency.ts")).latencyBench,
  compare: async (args) =>
    hasAny(args, ["--servers", "--seconds", "--settle", "--publishers", "--gigabits", "--attempts", "--tick"])
      ? (await import("./benches/compare.ts")).compareBench
      : (await import("./benches/compare-any.ts")).compareAnyBench,
  record: async () => (await import("./benches/record.ts")).recordBench,
  replay: async () => (await import("./benches/replay.ts")).replayBench,
  sink: async () => (await import("./benches/sink.ts")).sinkBench,
};

/** They start servers of their own. */
const SIDE_BY_SIDE: Readonly<Record<string, Load>> = {
  unpaced: async () => (await import("./benches/unpaced.ts")).unpacedBench,
  connect: async () => (await import("./benches/connect.ts")).connectBench,
  "first-segment": async () => (await import("./benches/first-segment.ts")).firstSegmentBench,
  hostile: async () => (await import("./benches/hostile.ts")).hostileBench,
  parse: async () => (await import("./benches/parse.ts")).parseBench,
  delivery: async () => (await import("./benches/delivery.ts")).deliveryBench,
};

async function listOf(benches: Readonly<Record<string, Load>>): Promise<string> {
  const all = await Promise.all(Object.values(benches).map((load) => load(["--help"])));
  return all.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const load = { ...ANY_SERVER, ...SIDE_BY_SIDE }[name ?? ""];
  if (load !== undefined) return (await load(rest)).main(rest);
  say("streamhub bench NAME [flags]: measures RTMP servers, ours and any other.\n");
  say(`Any server, by its URL:\n${await listOf(ANY_SERVER)}\n`);
  say(`Ours beside nginx-rtmp, each started for it:\n${await listOf(SIDE_BY_SIDE)}`);
  say(`  ${"api".padEnd(14)}the API's requests a second beside a bare Bun.serve, and its heartbeats`);
  say(
    `  ${"soak".padEnd(14)}a whole server under a lively load for half an hour: memory, file descriptors and timers stay flat\n`,
  );
  say("Each takes --help and --json FILE. Numbers are for comparing within one run on one machine: see docs/bench.md.");
  if (name === undefined || name === "--help" || name === "-h") return 0;
  process.stderr.write(`There is no bench "${name}".\n`);
  return 2;
}

process.exit(await main(process.argv.slice(2)));

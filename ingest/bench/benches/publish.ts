import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { progress, say, table, writeJson } from "../cli/report.ts";
import { type PublishResult, runPublish } from "../runs/publish.ts";
import { pickServers } from "../servers/kinds.ts";

const options = {
  servers: option("servers", "ours,nginx", "which servers, in this order"),
  publishers: option("publishers", 100, "paced publishers of 2.5 Mbit/s"),
  seconds: option("seconds", 30, "time measured"),
  settle: option("settle", 6, "seconds before measuring: caches fill, compilers warm up"),
  chunkSize: option("chunk-size", 4096, "RTMP chunk size of the publishers (OBS: 4096)"),
  tickMs: option("tick", 5, "milliseconds between the generator's looks at the clock"),
  ...jsonOption,
};

export const PUBLISH_HEAD = [
  "server",
  "publishers",
  "CPU s/stream-min",
  "MB/stream",
  "base MB",
  "growth MB/min",
  "Mbit/s",
  "gen. core",
  "lag p50 ms",
  "lag p99 ms",
  "lost",
];

export const publishRow = (result: PublishResult) => [
  result.server,
  result.publishers,
  result.cpuPerStreamMinute,
  result.pssPerStreamMb,
  result.baselineMb,
  result.growthMbPerMinute,
  result.megabitsPerSecond,
  result.generatorCpu,
  result.lagP50,
  result.lagP99,
  result.disconnects,
];

export const publishBench = makeBench(
  "publish",
  "paced publishers: CPU per stream-minute, memory per stream, flatness",
  options,
  async (values) => {
    within("publishers", values.publishers, 1, 2_000);
    within("seconds", values.seconds, 1, 86_400);
    const { kinds, missing } = pickServers(values.servers);
    boundRun(kinds.length * (values.seconds + values.settle + 60) + 120);
    for (const line of missing) progress(`Left out ${line}`);
    const results: PublishResult[] = [];
    for (const kind of kinds) results.push(await runPublish(kind, values));
    say(table(PUBLISH_HEAD, results.map(publishRow)));
    await writeJson(values.json, "publish", values, results);
    return 0;
  },
);

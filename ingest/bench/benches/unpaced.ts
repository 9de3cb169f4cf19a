import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { progress, say, table, writeJson } from "../cli/report.ts";
import { runUnpaced, type UnpacedResult } from "../runs/unpaced.ts";
import { pickServers } from "../servers/kinds.ts";

const options = {
  servers: option("servers", "ours,nginx", "which servers, in this order"),
  connections: option("connections", "1,8", "connections at once; several runs when a list"),
  gigabits: option("gigabits", 20, "amount sent per run, over all connections"),
  chunkSize: option("chunk-size", 4096, "RTMP chunk size of the publishers (OBS: 4096)"),
  ...jsonOption,
};

export const unpacedBench = makeBench(
  "unpaced",
  "publishers as fast as the server reads: CPU per Gbit, peak memory",
  options,
  async (values) => {
    within("gigabits", values.gigabits, 0.1, 10_000);
    const { kinds, missing } = pickServers(values.servers);
    const counts = values.connections.split(",").map(Number);
    for (const count of counts) within("connections", count, 1, 500);
    boundRun(kinds.length * counts.length * (values.gigabits * 2 + 60) + 120);
    for (const line of missing) progress(`Left out ${line}`);
    const results: UnpacedResult[] = [];
    for (const connections of counts)
      for (const kind of kinds) results.push(await runUnpaced(kind, { ...values, connections }));
    const rows = results.map((r) => [
      r.server,
      r.connections,
      r.cpuPerGbit,
      r.gbitPerSecond,
      r.peakMb,
      r.generatorCpuPerGbit,
    ]);
    say(table(["server", "connections", "CPU s/Gbit", "Gbit/s", "peak MB over base", "generator CPU s/Gbit"], rows));
    await writeJson(values.json, "unpaced", values, results);
    return 0;
  },
);

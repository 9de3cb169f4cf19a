import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { progress, say, table, writeJson } from "../cli/report.ts";
import { type ConnectResult, runConnect } from "../runs/connect.ts";
import { pickServers } from "../servers/kinds.ts";

const options = {
  servers: option("servers", "ours,nginx", "which servers, in this order"),
  attempts: option("attempts", 200, "connections, one after the other"),
  chunkSize: option("chunk-size", 4096, "RTMP chunk size of the client"),
  ...jsonOption,
};

export const connectBench = makeBench(
  "connect",
  "connect to NetStream.Publish.Start of an ordinary client, in milliseconds",
  options,
  async (values) => {
    within("attempts", values.attempts, 1, 100_000);
    const { kinds, missing } = pickServers(values.servers);
    boundRun(kinds.length * (values.attempts * 0.5 + 60));
    for (const line of missing) progress(`Left out ${line}`);
    const results: ConnectResult[] = [];
    for (const kind of kinds) results.push(await runConnect(kind, values));
    const rows = results.map((r) => [r.server, String(r.attempts), r.medianMs, r.p99Ms, r.worstMs]);
    say(table(["server", "attempts", "median ms", "p99 ms", "worst ms"], rows));
    await writeJson(values.json, "connect", values, results);
    return 0;
  },
);

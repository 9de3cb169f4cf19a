import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { progress, say, table, writeJson } from "../cli/report.ts";
import { median, percentile } from "../measure/statistics.ts";
import { type FirstSegmentResult, runFirstSegment } from "../runs/first-segment.ts";
import { pickServers } from "../servers/kinds.ts";

const options = {
  servers: option("servers", "ours-packaging,nginx-hls", "which servers, in this order"),
  attempts: option("attempts", 5, "publishers, one after the other"),
  ...jsonOption,
};

export const firstSegmentBench = makeBench(
  "first-segment",
  "publish start to the first segment that a polling player can fetch (source: GOPs of 2 s)",
  options,
  async (values) => {
    within("attempts", values.attempts, 1, 1_000);
    const { kinds, missing } = pickServers(values.servers);
    boundRun(kinds.length * (values.attempts * 25 + 30));
    for (const line of missing) progress(`Left out ${line}`);
    const results: FirstSegmentResult[] = [];
    for (const kind of kinds) results.push(...(await runFirstSegment(kind, values.attempts)));
    const rows = kinds.map((kind) => {
      const mine = results.filter((result) => result.server === kind.name);
      const segments = mine.map((result) => result.segmentMs);
      const parts = mine.flatMap((result) => (result.partMs === null ? [] : [result.partMs]));
      return [kind.name, String(mine.length), median(segments), percentile(segments, 100), median(parts)];
    });
    say(table(["server", "attempts", "first segment ms", "slowest ms", "first part ms"], rows));
    await writeJson(values.json, "first-segment", values, results);
    return 0;
  },
);

import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { say, table, writeJson } from "../cli/report.ts";
import { runHostile } from "../runs/hostile.ts";
import { ours } from "../servers/ours.ts";

const options = {
  connections: option("connections", 200, "hostile connections at once (a quarter of them where each sends 8 MiB)"),
  ...jsonOption,
};

export const hostileBench = makeBench(
  "hostile",
  "bad input beside a good publisher and player: exit code 1 when a row fails",
  options,
  async (values) => {
    within("connections", values.connections, 1, 900);
    boundRun(600);
    const results = await runHostile(ours, values.connections);
    const rows = results.map((r) => [
      r.name,
      `${r.closed}/${r.connections}`,
      r.slowestMs / 1_000,
      `${r.reason} ${r.counted}`,
      r.beforeMb,
      r.peakMb,
      r.afterMb,
      r.longestPauseMs,
      r.failures.length === 0 ? "ok" : r.failures.join(", "),
    ]);
    const head = [
      "case",
      "closed",
      "slowest s",
      "reason, counted",
      "MB before",
      "MB peak",
      "MB after",
      "player's longest pause ms",
      "verdict",
    ];
    say(table(head, rows));
    await writeJson(values.json, "hostile", values, results);
    return results.every((result) => result.failures.length === 0) ? 0 : 1;
  },
);

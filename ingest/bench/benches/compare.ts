import { jsonOption, makeBench } from "../cli/bench.ts";
import { boundRun, within } from "../cli/limits.ts";
import { option } from "../cli/options.ts";
import { figure, progress, say, table, writeJson } from "../cli/report.ts";
import { median, spread } from "../measure/statistics.ts";
import { runConnect } from "../runs/connect.ts";
import { runPublish } from "../runs/publish.ts";
import { runUnpaced } from "../runs/unpaced.ts";
import { pickServers } from "../servers/kinds.ts";
import type { ServerKind } from "../servers/server.ts";

const options = {
  servers: option("servers", "ours,nginx", "which servers; ratios are against the last"),
  rounds: option("rounds", 3, "rounds; in each, the servers take turns"),
  publishers: option("publishers", 100, "paced publishers"),
  seconds: option("seconds", 20, "time measured per paced run"),
  settle: option("settle", 6, "seconds before it"),
  gigabits: option("gigabits", 20, "amount per unpaced run"),
  attempts: option("attempts", 100, "connections per connect run"),
  chunkSize: option("chunk-size", 4096, "RTMP chunk size of the publishers (OBS: 4096)"),
  tickMs: option("tick", 5, "milliseconds between the generator's looks at the clock"),
  ...jsonOption,
};

/** One line of the table: a figure of each round, by server. */
type Samples = Map<string, Map<string, number[]>>;

function add(samples: Samples, measure: string, server: string, value: number): void {
  const byServer = samples.get(measure) ?? new Map<string, number[]>();
  samples.set(measure, byServer);
  byServer.set(server, [...(byServer.get(server) ?? []), value]);
}

interface RoundParameters {
  readonly publishers: number;
  readonly seconds: number;
  readonly settle: number;
  readonly gigabits: number;
  readonly attempts: number;
  readonly chunkSize: number;
  readonly tickMs: number;
}

async function measureRound(kinds: readonly ServerKind[], values: RoundParameters, samples: Samples): Promise<void> {
  const { publishers } = values;
  for (const kind of kinds) {
    const paced = await runPublish(kind, values);
    add(samples, `${publishers} paced, CPU s per stream-minute`, kind.name, paced.cpuPerStreamMinute);
    add(samples, `${publishers} paced, MB per stream`, kind.name, paced.pssPerStreamMb);
  }
  for (const connections of [1, 8]) {
    for (const kind of kinds) {
      const unpaced = await runUnpaced(kind, { ...values, connections });
      add(samples, `unpaced x ${connections}, CPU s per Gbit`, kind.name, unpaced.cpuPerGbit);
      add(samples, `unpaced x ${connections}, peak MB over base`, kind.name, unpaced.peakMb);
    }
  }
  for (const kind of kinds) {
    const connect = await runConnect(kind, values);
    add(samples, "connect to publish start, median ms", kind.name, connect.medianMs);
    add(samples, "connect to publish start, p99 ms", kind.name, connect.p99Ms);
  }
}

export const compareBench = makeBench(
  "compare",
  "publish, unpaced and connect of all servers by turns: one table of medians, spreads and ratios",
  options,
  async (values) => {
    within("rounds", values.rounds, 1, 50);
    const { kinds, missing } = pickServers(values.servers);
    boundRun(
      values.rounds *
        kinds.length *
        (values.seconds + values.settle + values.gigabits * 4 + values.attempts * 0.3 + 120),
    );
    for (const line of missing) progress(`Left out ${line}`);
    const samples: Samples = new Map();
    for (let round = 1; round <= values.rounds; round++) {
      progress(`Round ${round} of ${values.rounds}`);
      // Every other round begins with the other end, so that nobody always goes first.
      await measureRound(round % 2 === 1 ? kinds : kinds.toReversed(), values, samples);
    }
    const reference = kinds.at(-1)!.name;
    const others = kinds.slice(0, -1);
    const rows = [...samples].map(([measure, byServer]) => {
      const cell = (name: string) => {
        const figures = byServer.get(name) ?? [];
        return `${figure(median(figures))} ± ${Math.round(100 * Math.abs(spread(figures)))} %`;
      };
      const ratio = (name: string) => figure(median(byServer.get(name)!) / median(byServer.get(reference)!));
      return [measure, ...kinds.map((kind) => cell(kind.name)), ...others.map((kind) => ratio(kind.name))];
    });
    const head = ["measure", ...kinds.map((kind) => kind.name), ...others.map((kind) => `${kind.name} / ${reference}`)];
    say(`Medians of ${values.rounds} rounds ± half the distance between the extremes.\n`);
    say(table(head, rows));
    await writeJson(
      values.json,
      "compare",
      values,
      Object.fromEntries([...samples].map(([k, v]) => [k, Object.fromEntries(v)])),
    );
    return 0;
  },
);

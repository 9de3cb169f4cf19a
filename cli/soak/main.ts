/** `streamhub bench soak`: a whole server under a small but lively load for a long time; its memory, file descriptors and timers must not grow. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeBench } from "../../ingest/bench/cli/bench.ts";
import { option, UsageError } from "../../ingest/bench/cli/options.ts";
import { progress, say, table, writeJson } from "../../ingest/bench/cli/report.ts";
import { sampleTree } from "../../ingest/bench/measure/process-tree.ts";
import { makeDataDir, removeDataDir, startServer, type TestServer, until } from "../e2e/server.ts";
import { makeChannels, startLoad } from "./load.ts";
import { type Bound, judge, MIN_SAMPLES } from "./verdict.ts";

const PROBE = join(import.meta.dir, "..", "e2e", "memory-probe.ts");
const MB = 1024 * 1024;
/** Of the samples, at most. */
const ROWS = 20;

interface Sample {
  readonly minute: number;
  /** Of the server's own process, after a collection. */
  readonly heapMb: number;
  readonly objects: number;
  readonly timers: number;
  readonly rssMb: number;
  readonly fds: number;
  /** Of the server, its ffmpegs and its database. */
  readonly treeMb: number;
  readonly processes: number;
}

/** Encoders, players and their media come and go: what may differ between two moments. */
const BOUNDS: Readonly<Partial<Record<keyof Sample, Omit<Bound, "name">>>> = {
  heapMb: { share: 0.1, amount: 3 },
  objects: { share: 0.1, amount: 5_000 },
  timers: { share: 0.1, amount: 10 },
  rssMb: { share: 0.1, amount: 20 },
  fds: { share: 0.05, amount: 8 },
};

function own(pid: number): { readonly rssMb: number; readonly fds: number } {
  const kilobytes = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return { rssMb: Number(kilobytes) / 1024, fds: readdirSync(`/proc/${pid}/fd`).length };
}

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];

const HEAD = ["minute", "heap MB", "objects", "timers", "RSS MB", "fds", "tree MB", "processes"];
const rowOf = (each: Sample) => [
  each.minute.toFixed(1),
  each.heapMb,
  `${each.objects}`,
  `${each.timers}`,
  each.rssMb,
  `${each.fds}`,
  each.treeMb,
  `${each.processes}`,
];

const soak = makeBench(
  "soak",
  "a whole server under a lively load for half an hour: memory, file descriptors and timers stay flat",
  {
    minutes: option("minutes", 30, "how long"),
    publishers: option("publishers", 4, "broadcasts; half of their encoders are lost every 45 s and come back"),
    players: option("players", 3, "groups of three players, by turns of HLS, DASH and RTMP, that stay 30 s"),
    every: option("every", 10, "seconds between two samples"),
    json: option("json", "", "write parameters, machine and samples to this file"),
  },
  async (values) => {
    const { minutes, publishers, every } = values;
    if (publishers < 1 || every <= 0) throw new UsageError("--publishers and --every are above 0.");
    if ((minutes * 60) / every < MIN_SAMPLES)
      throw new UsageError(`A verdict takes ${MIN_SAMPLES} samples: --minutes ${(MIN_SAMPLES * every) / 60} or more.`);
    const dataDir = makeDataDir();
    let server: TestServer | null = null;
    try {
      const file = join(dataDir, "probe.jsonl");
      server = await startServer({ dataDir, preload: PROBE, env: { MEMORY_PROBE_FILE: file, LOG_LEVEL: "warn" } });
      return await run(server, file, values);
    } finally {
      await server?.stop();
      removeDataDir(dataDir);
    }
  },
);

/** By Ctrl-C: what was started is ended in order. */
const interrupted = new Promise<true>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(true));
});
const INTERRUPTED = 130;

type Values = { minutes: number; publishers: number; players: number; every: number; json: string };

async function run(server: TestServer, file: string, values: Values): Promise<number> {
  const { minutes, publishers, players, every } = values;
  const load = startLoad({ server, publishers, players }, await makeChannels(server, publishers));
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const age = () => (performance.now() - startedAt) / 60_000;
  try {
    while (age() < minutes) {
      if (await Promise.race([Bun.sleep(every * 1_000), interrupted])) return INTERRUPTED;
      const { pid } = server;
      process.kill(pid, "SIGUSR2");
      const line = await until("the probe answers", async () => linesOf(file)[samples.length]);
      const tree = sampleTree(pid);
      if (tree === null) throw new Error(`the server is gone: ${server.log().slice(-2_000)}`);
      const { heapBytes, objects, timers } = JSON.parse(line) as { heapBytes: number; objects: number; timers: number };
      const sample = {
        minute: age(),
        heapMb: heapBytes / MB,
        objects,
        timers,
        ...own(pid),
        treeMb: tree.pssBytes / MB,
        processes: tree.processes,
      };
      samples.push(sample);
      progress(table(HEAD, [rowOf(sample)]).split("\n")[2]!);
    }
  } finally {
    await load.stop();
  }
  const step = Math.ceil(samples.length / ROWS);
  say(table(HEAD, samples.filter((_, index) => index % step === 0).map(rowOf)));
  const verdicts = Object.entries(BOUNDS).map(([name, bound]) =>
    judge(
      samples.map((each) => each[name as keyof Sample]),
      { name, ...bound },
    ),
  );
  say(
    `\n${table(
      ["", "early", "late", ""],
      verdicts.map(({ name, early, late, isFlat }) => [name, early, late, isFlat ? "flat" : "GROWS"]),
    )}`,
  );
  say(`\n${load.losses} encoders were lost and came back, ${load.visits} visits, ${load.requests} pages.`);
  for (const [what, count] of load.failures) say(`FAILED ${count} x: ${what}`);
  await writeJson(values.json, "soak", { minutes, publishers, players, every }, { samples, verdicts });
  return verdicts.every(({ isFlat }) => isFlat) && load.failures.size === 0 ? 0 : 1;
}

process.exit(await soak.main(process.argv.slice(2)));

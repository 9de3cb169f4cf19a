/** `bun bench api`: the API's requests a second beside a bare Bun.serve on the same machine, by turns, and what heartbeats cost the database. */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Load, LoadResult, ServerKind, Started, Work } from "./wire.ts";

const HELP = `bun bench api [flags]: the API beside a bare Bun.serve that returns a constant, on loopback, by turns.

  --rounds N     of all measures; the medians are printed (default 3)
  --seconds N    of each measure (default 5)
  --clients N    connections at once, one request under way on each (default 50)
  --only WORD    the constant, and measures with this word in their names
  --json FILE    write parameters, machine and results to this file

Measures: the cached public list (GET /api/streams?live=true), GET /api/streams/{id} of 200 streams without that cache, so that each is read from PostgreSQL, the two mixed as a server has them,
and heartbeats of 2,000 viewing sessions. Server, load generator and PostgreSQL are processes of their own. Beside stand the server's CPU time for a request, which says more on a
busy machine, and the generator's share of a core: near 1.0 it is the generator that was measured. The exit code is 1 when a goal of docs/bench.md is missed.
`;

interface Child<Out> {
  ask(message: unknown): Promise<Out>;
  /** The first thing it says by itself. */
  readonly first: Promise<Out>;
  stop(): Promise<void>;
}

function child<Out>(file: string, args: readonly string[] = [], opening?: unknown): Child<Out> {
  const waiting: { resolve: (out: Out) => void; reject: (error: Error) => void }[] = [];
  const next = () => new Promise<Out>((resolve, reject) => waiting.push({ resolve, reject }));
  const first = next();
  // Flags of Bun for profiles, such as "--cpu-prof".
  const flags = args[0] === "api" ? (process.env.BENCH_BUN_FLAGS ?? "").split(" ").filter(Boolean) : [];
  const spawned = Bun.spawn([process.execPath, ...flags, join(import.meta.dir, file), ...args], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    ipc: (message) => waiting.shift()?.resolve(message as Out),
  });
  void spawned.exited.then((code) => {
    for (const { reject } of waiting) reject(new Error(`${file} ended with ${code}`));
  });
  if (opening !== undefined) spawned.send(opening);
  return {
    first,
    ask(message) {
      const answer = next();
      spawned.send(message);
      return answer;
    },
    async stop() {
      if (spawned.exitCode === null) spawned.send("stop");
      await spawned.exited;
    },
  };
}

const request = (method: string, path: string, more = "") =>
  `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0 bench\r\naccept: */*\r\n${more}\r\n`;
const heartbeat = (session: string, n: number) =>
  `POST /api/views/${session}/heartbeat HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0 viewer ${n}\r\n` +
  `content-type: application/json\r\ncontent-length: 14\r\n\r\n{"position":1}`;

interface Measure {
  readonly name: string;
  readonly kind: ServerKind;
  readonly uncached?: true;
  readonly requests: (started: Started) => readonly string[];
}

const LIST = request("GET", "/api/streams?live=true");
const MEASURES: readonly Measure[] = [
  { name: "constant", kind: "constant", requests: () => [request("GET", "/")] },
  { name: "list, cached", kind: "api", requests: () => [LIST] },
  {
    name: "stream, from the database",
    kind: "api",
    uncached: true,
    requests: ({ streams }) => streams.map((id) => request("GET", `/api/streams/${id}`)),
  },
  {
    name: "both, mixed",
    kind: "api",
    requests: ({ streams }) => streams.flatMap((id) => [LIST, request("GET", `/api/streams/${id}`)]),
  },
  { name: "heartbeats", kind: "api", requests: ({ sessions }) => sessions.map(heartbeat) },
];

interface Row extends LoadResult {
  readonly name: string;
  readonly perSecond: number;
  readonly ratio: number;
  /** Microseconds of the server's CPU for a request. */
  readonly micros: number;
  /** Per second. */
  readonly work: Work;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "5" },
      clients: { type: "string", default: "50" },
      only: { type: "string", default: "" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [rounds, seconds, clients] = [values.rounds, values.seconds, values.clients].map(Number) as [
    number,
    number,
    number,
  ];
  if (![rounds, seconds, clients].every((value) => Number.isInteger(value) && value > 0 && value <= 1_000)) {
    console.error("--rounds, --seconds and --clients take whole numbers from 1 to 1000.");
    return 2;
  }
  const chosen = MEASURES.filter(({ name }) => name === "constant" || name.includes(values.only));
  const servers = {
    constant: child<Started | Work>("server-main.ts", ["constant"]),
    api: child<Started | Work>("server-main.ts", ["api"]),
  };
  const started = { constant: (await servers.constant.first) as Started, api: (await servers.api.first) as Started };
  const rows: Row[] = [];
  try {
    for (let round = 0; round < rounds; round++)
      for (const { name, kind, requests, uncached } of chosen) {
        const load: Load = {
          port: uncached ? started[kind].uncachedPort : started[kind].port,
          clients,
          seconds,
          requests: requests(started[kind]),
          rate: 0,
        };
        const before = (await servers[kind].ask("work")) as Work;
        const began = performance.now();
        const result = await child<LoadResult>("load-main.ts", [], load).first;
        const elapsed = (performance.now() - began) / 1_000;
        const after = (await servers[kind].ask("work")) as Work;
        const per = (key: keyof Work) => (after[key] - before[key]) / elapsed;
        const perSecond = result.requests / result.seconds;
        const constant =
          name === "constant" ? perSecond : (rows.findLast((row) => row.name === "constant")?.perSecond ?? perSecond);
        const work = { cpu: per("cpu"), writes: per("writes"), transactions: per("transactions"), rows: per("rows") };
        rows.push({
          name,
          ...result,
          perSecond,
          ratio: perSecond / constant,
          micros: work.cpu / (result.all / elapsed),
          work,
        });
        process.stderr.write(`round ${round + 1}, ${name}: ${Math.round(perSecond)}/s\n`);
      }
  } finally {
    await Promise.all([servers.constant.stop(), servers.api.stop()]);
  }
  return report(rows, { rounds, seconds, clients }, values.json);
}

function report(rows: readonly Row[], parameters: object, file: string | undefined): number {
  const of = (name: string, pick: (row: Row) => number) => median(rows.filter((row) => row.name === name).map(pick));
  const summary = MEASURES.filter(({ name }) => rows.some((row) => row.name === name)).map(({ name }) => ({
    name,
    perSecond: of(name, (row) => row.perSecond),
    ratio: of(name, (row) => row.ratio),
    p50: of(name, (row) => row.p50),
    p99: of(name, (row) => row.p99),
    micros: of(name, (row) => row.micros),
    refused: rows.filter((row) => row.name === name).reduce((sum, row) => sum + row.refused, 0),
    generatorCpu: of(name, (row) => row.generatorCpu),
  }));
  console.log(
    "measure                     requests/s   of constant   p50 ms   p99 ms   not 2xx   server's µs   generator's core",
  );
  for (const { name, perSecond, ratio, p50, p99, refused, micros, generatorCpu } of summary)
    console.log(
      name.padEnd(26) +
        String(Math.round(perSecond)).padStart(12) +
        `${Math.round(ratio * 100)} %`.padStart(14) +
        p50.toFixed(1).padStart(9) +
        p99.toFixed(1).padStart(9) +
        String(refused).padStart(10) +
        micros.toFixed(1).padStart(14) +
        generatorCpu.toFixed(2).padStart(19),
    );
  const writes = of("heartbeats", (row) => row.work.writes);
  const transactions = of("heartbeats", (row) => row.work.transactions);
  const written = of("heartbeats", (row) => row.work.rows);
  console.log(
    `\nheartbeats: ${writes.toFixed(1)} writing statements/s, ${transactions.toFixed(0)} transactions/s of all kinds, ${Math.round(written)} rows/s`,
  );
  if (summary.length < MEASURES.length) return 0;
  const goals: readonly (readonly [string, boolean])[] = [
    ["cached public list at least 40 % of the constant", of("list, cached", (row) => row.ratio) >= 0.4],
    ["a stream from the database at least 20 %", of("stream, from the database", (row) => row.ratio) >= 0.2],
    ["10,000 heartbeats/s accepted", of("heartbeats", (row) => row.perSecond) >= 10_000],
    ["with at most 50 database writes/s", transactions <= 50 || writes <= 50],
    [
      "p99 of public reads below 20 ms",
      ["list, cached", "stream, from the database", "both, mixed"].every((name) => of(name, (row) => row.p99) < 20),
    ],
    ["every answer a good one", summary.every(({ refused }) => refused === 0)],
  ];
  for (const [goal, met] of goals) console.log(`${met ? "met   " : "MISSED"}  ${goal}`);
  if (file !== undefined) {
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memory: totalmem(), bun: Bun.version };
    writeFileSync(file, `${JSON.stringify({ bench: "api", parameters, machine, summary, rows }, null, 2)}\n`);
  }
  return goals.every(([, met]) => met) ? 0 : 1;
}

process.exit(await main());

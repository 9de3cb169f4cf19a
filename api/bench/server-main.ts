/**
 * A server under test, a process of its own: `constant` is a bare Bun.serve, `api` the API as `streamhub api` wires it, behind the same front door, on an
 * embedded PostgreSQL, without limits of requests (all of them come from one address here).
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeyVault, migrate, openDatabase, queries } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { Registry } from "prom-client";
import { makeAddresses, startHttp } from "../../cli/http.ts";
import { makeMetricsPart } from "../../cli/metrics.ts";
import { createApp, isApiPath, makeFeeds, makeSockets, startViews } from "../src/app.ts";
import { NO_LIMITS } from "../src/limits/model.ts";
import type { ServerKind, Started, Work } from "./wire.ts";

const STREAMS = 200;
const SESSIONS = 2_000;
const log = { debug: () => {}, info: () => {}, warn: console.error, error: console.error };

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function startConstant(): Started {
  const body = JSON.stringify({ status: "ok", uptimeSeconds: 1 });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response(body, { headers: { "content-type": "application/json" } }),
  });
  return { port: server.port ?? 0, uncachedPort: 0, streams: [], sessions: [] };
}

async function startApi(): Promise<{ started: Started; work: () => Promise<Work>; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), "streamhub-bench-"));
  chmodSync(dataDir, 0o755);
  const database = await openDatabase({ dataDir, log });
  await migrate(database);
  const { db, sql } = database;
  const secret = "a secret of the bench, 32 characters or more";
  const vault = makeKeyVault(secret);
  const bus = makeInProcessBus();
  const streams: number[] = [];
  for (let n = 1; n <= STREAMS; n++) {
    const description = "A channel with a few words about itself, as people write them. ".repeat(3);
    const { streamKey } = await queries.createChannel(db, vault, {
      slug: `channel-${n}`,
      title: `Channel ${n}`,
      description,
    });
    const live = await queries.goLive(db, vault, { streamKey, nodeId: "bench", staleAfterMs: 3_600_000 });
    if (live.kind !== "live") throw new Error(`channel ${n} can't go live: ${live.kind}`);
    streams.push(live.streamId);
  }
  const metrics = new Registry();
  const sockets = makeSockets();
  const events = makeFeeds({ db, bus, metrics });
  const views = startViews({ db, bus, secret, log });
  function listen(keepAnswers: boolean) {
    const callers = makeAddresses();
    const app = createApp({
      db,
      bus,
      secret,
      vault,
      uploadsDir: join(dataDir, "uploads"),
      publicUrl: null,
      corsOrigins: [],
      keepAnswers,
      limits: NO_LIMITS,
      addressOf: callers.of,
      metrics,
      events,
      sockets,
      views,
      probes: { database: () => sql`select 1` },
      site: { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" }, sendsMail: false },
      onFailure: ({ code, cause }) => console.error(code, cause),
    });
    const http = startHttp({
      host: "127.0.0.1",
      port: 0,
      variable: "HTTP_PORT",
      parts: [(request, _address, path) => (isApiPath(path) ? app.fetch(request) : null)],
      addresses: callers,
      sockets,
      metrics: makeMetricsPart({ registry: metrics, token: null }),
      log,
    });
    return { app, http };
  }
  const { app, http } = listen(true);
  const { http: uncached } = listen(false);
  const sessions: string[] = [];
  for (let n = 0; n < SESSIONS; n += 100) {
    const opened = await Promise.all(
      Array.from({ length: 100 }, async (_, k) => {
        const headers = { "user-agent": `Mozilla/5.0 viewer ${n + k}`, "content-type": "application/json" };
        const init = { method: "POST", body: "{}", headers };
        return app.handle(new Request(`http://localhost/api/streams/${streams[0]}/views`, init));
      }),
    );
    for (const response of opened) sessions.push(((await response.json()) as { sessionId: string }).sessionId);
  }
  return {
    started: { port: http.port, uncachedPort: uncached.port, streams, sessions },
    async work() {
      const [row] = await sql<{ transactions: number; rows: number }[]>`
        select xact_commit::int as transactions, (tup_inserted + tup_updated + tup_deleted)::int as rows
        from pg_stat_database where datname = current_database()`;
      return { cpu: cpu(), writes: views.state().writes, transactions: row?.transactions ?? 0, rows: row?.rows ?? 0 };
    },
    async stop() {
      await Promise.all([http.stop(), uncached.stop()]);
      await events.stop();
      await views.stop();
      await bus.close();
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const kind = process.argv[2] as ServerKind;
const api = kind === "api" ? await startApi() : null;
process.send?.(api?.started ?? startConstant());
process.on("message", async (asked: "work" | "stop") => {
  if (asked === "work")
    process.send?.((await api?.work()) ?? ({ cpu: cpu(), writes: 0, transactions: 0, rows: 0 } satisfies Work));
  else {
    await api?.stop();
    process.exit(0);
  }
});
// The bench is gone.
process.on("disconnect", async () => {
  await api?.stop();
  process.exit(0);
});

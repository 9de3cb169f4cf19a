import { join } from "node:path";
import {
  createApp,
  isApiPath,
  makeFeeds,
  makeSockets,
  startChores,
  startNotices,
  startStatistics,
  startViews,
  startWebhooks,
} from "@streamhub/api";
import { migrate, openBus, openDatabase } from "@streamhub/db";
import { makeSite } from "@streamhub/web/serve";
import { defineCommand } from "citty";
import { Registry as PromRegistry } from "prom-client";
import { environment } from "./environment.ts";
import { makeGatewayPart } from "./gateway.ts";
import { makeAddresses, type Part, startHttp } from "./http.ts";
import { startLetters } from "./letters.ts";
import { makeLog } from "./log.ts";
import { makeMetricsPart } from "./metrics.ts";
import { jsonArg, print } from "./output.ts";
import { makeAskApi, makeDescribePage } from "./page-about.ts";
import { startProcessMetrics } from "./process-metrics.ts";
import { openSecrets, sealKeys } from "./secrets.ts";
import { SITE_FOLDER } from "./serve.ts";
import { makeShutdown, untilSignal } from "./shutdown.ts";
import { startTracing } from "./tracing/tracing.ts";

export const apiCommand = defineCommand({
  meta: { name: "api", description: "Run the API and the site alone, beside an ingest that runs elsewhere" },
  args: { ...jsonArg },
  async run({ args }) {
    const env = environment({ partsRunApart: true });
    const log = makeLog(env.logLevel);
    const shutdown = makeShutdown(log);
    const signal = untilSignal();
    try {
      const metrics = new PromRegistry();
      const tracer = await startTracing(env, { metrics, shutdown, log });
      const handle = await openDatabase({ url: env.databaseUrl ?? undefined, dataDir: env.dataDir, log });
      shutdown.defer("database", () => handle.close());
      await migrate(handle);
      const bus = await openBus({ url: env.redisUrl, log });
      shutdown.defer("bus", () => bus.close());
      const { secret, vault } = openSecrets(env);
      await sealKeys(handle.db, vault, log);
      shutdown.defer("process metrics", startProcessMetrics(metrics));
      await startChores({ db: handle.db, bus, uploadsDir: join(env.dataDir, "uploads") }, log);
      const mailer = await startLetters({ env, db: handle.db, bus, metrics, log, shutdown });
      await startNotices({ db: handle.db, bus, vault, secret, publicUrl: env.publicUrl, metrics, mailer, log });
      const webhooks = startWebhooks({ db: handle.db, vault, metrics, log });
      shutdown.defer("webhooks", () => webhooks.stop());
      const statistics = startStatistics({ db: handle.db, bus, log });
      shutdown.defer("statistics", () => statistics.stop());
      const views = startViews({ db: handle.db, bus, secret, log });
      shutdown.defer("views", () => views.stop());
      const callers = makeAddresses();
      const sockets = makeSockets();
      const events = makeFeeds({ db: handle.db, bus, metrics });
      const app = createApp({
        db: handle.db,
        bus,
        secret,
        vault,
        uploadsDir: join(env.dataDir, "uploads"),
        publicUrl: env.publicUrl,
        corsOrigins: env.corsOrigins,
        keepAnswers: true,
        addressOf: callers.of,
        limits: env.apiLimits,
        restreamAnywhere: env.restreamAnywhere,
        tracer,
        metrics,
        events,
        sockets,
        views,
        probes: { database: () => handle.sql`select 1`, bus: () => bus.ping() },
        site: {
          ingest: { rtmpPort: env.rtmpPort, rtmpsPort: env.rtmps?.port ?? null, app: "live" },
          sendsMail: mailer !== null,
        },
        onFailure: ({ requestId, traceId, code, cause }) =>
          log.error(
            { code, requestId, ...(traceId === null ? {} : { traceId }), error: String(cause) },
            "A request failed",
          ),
      });
      const api: Part = (request, _address, path) => (isApiPath(path) ? app.fetch(request) : null);
      const describe = makeDescribePage((request) => app.fetch(request));
      const gateway = makeGatewayPart({ bus, token: env.gatewayToken });
      const ask = makeAskApi((request) => app.fetch(request), callers);
      const parts = [gateway, api, makeSite({ distDir: SITE_FOLDER, describe, ask, publicUrl: env.publicUrl })];
      const http = startHttp({
        host: env.host,
        port: env.httpPort,
        variable: "HTTP_PORT",
        parts,
        trustedProxies: env.trustedProxies,
        addresses: callers,
        sockets,
        metrics: makeMetricsPart({ registry: metrics, token: env.metricsToken }),
        log,
      });
      shutdown.defer("http", () => http.stop());
      shutdown.defer("events", () => events.stop());
      const site = env.publicUrl ?? `http://localhost:${http.port}`;
      print(args.json, { site }, `StreamHub's API and site: ${site}`);
      log.info({ code: "stopping", signal: await signal }, "Stopping");
    } finally {
      await shutdown.run();
    }
    process.exit(process.exitCode ?? 0);
  },
});

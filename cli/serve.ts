/** The all-in-one server: database, RTMP, packaging, media, API and site in one process. */
import { readFileSync } from "node:fs";
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
import type { Env } from "@streamhub/api/env";
import {
  DatabaseError,
  type DatabaseHandle,
  type KeyVault,
  migrate,
  openBus,
  openDatabase,
  queries,
} from "@streamhub/db";
import { makePlaybackTokens } from "@streamhub/db/playback-token";
import { networkOf } from "@streamhub/db/viewer-identity";
import { type Ingest, startIngest } from "@streamhub/ingest";
import {
  ENDED_ELSEWHERE,
  joinBus,
  makeAddressLookup,
  makeAudience,
  makeDatabaseGate,
  makeHealthHistory,
  makeRestreamTargets,
} from "@streamhub/ingest/platform/index";
import type { Ffmpeg } from "@streamhub/ingest/remux/ffmpeg-probe";
import { makeSite } from "@streamhub/web/serve";
import { defineCommand } from "citty";
import { Registry as PromRegistry } from "prom-client";
import { type Addresses, addressesOf, bannerText, type FirstRun } from "./banner.ts";
import { makeAddressList } from "./client-address.ts";
import { coversOf } from "./covers.ts";
import { startDemo } from "./demo.ts";
import { environment } from "./environment.ts";
import { Failure } from "./failure.ts";
import { findFfmpeg, isThere } from "./find-ffmpeg.ts";
import { makeAddresses, type Part, portFailure, startHttp } from "./http.ts";
import { claimInstance, nodeId } from "./instance.ts";
import { startLetters } from "./letters.ts";
import { makeLog } from "./log.ts";
import { makeMetricsPart } from "./metrics.ts";
import { jsonArg } from "./output.ts";
import { makeAskApi, makeDescribePage } from "./page-about.ts";
import { startProcessMetrics } from "./process-metrics.ts";
import { recordingsOf, startRecordings } from "./recordings.ts";
import { openSecrets, sealKeys } from "./secrets.ts";
import { makeShutdown, type Shutdown, untilSignal } from "./shutdown.ts";
import { startTracing } from "./tracing/tracing.ts";

export const SITE_FOLDER = join(import.meta.dir, "..", "web", "dist");
const DEMO_SLUG = "demo";

interface Started {
  readonly addresses: Addresses;
  readonly first: FirstRun | null;
  readonly demoSlug: string | null;
}

/** PEM texts of RTMPS_PORT's certificate and key. */
export function readTls(rtmps: Env["rtmps"]): { port: number; cert: string; key: string } | undefined {
  if (rtmps === null) return undefined;
  const read = (file: string, variable: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      throw new Failure(`${variable} names a file that can't be read: ${file}.`, "tls.unreadable");
    }
  };
  return { port: rtmps.port, cert: read(rtmps.certFile, "TLS_CERT"), key: read(rtmps.keyFile, "TLS_KEY") };
}

async function demoKey(handle: DatabaseHandle, vault: KeyVault): Promise<string> {
  try {
    return await queries.channelKey(handle.db, vault, DEMO_SLUG);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== "database.no-such-channel") throw error;
    const title = "Clock and colours";
    return (await queries.createChannel(handle.db, vault, { slug: DEMO_SLUG, title })).streamKey;
  }
}

async function start(env: Env, demo: boolean, shutdown: Shutdown, log: ReturnType<typeof makeLog>): Promise<Started> {
  shutdown.defer("instance", claimInstance(env.dataDir));
  const ffmpeg: Ffmpeg = await findFfmpeg(env, log);
  const tls = readTls(env.rtmps);

  const metrics = new PromRegistry();
  const tracer = await startTracing(env, { metrics, shutdown, log });
  const handle = await openDatabase({ url: env.databaseUrl ?? undefined, dataDir: env.dataDir, log });
  shutdown.defer("database", () => handle.close());
  await migrate(handle);
  const bus = await openBus({ url: env.redisUrl, log });
  shutdown.defer("bus", () => bus.close());
  const { secret, vault } = openSecrets(env);
  await sealKeys(handle.db, vault, log);
  const firstRun = await queries.ensureFirstChannel(handle.db, vault);

  let ingest: Ingest | null = null;
  const gate = makeDatabaseGate({
    handle,
    vault,
    bus,
    nodeId: nodeId(env.dataDir),
    log,
    onTakenOver: (streamId) => ingest?.cut(streamId, ENDED_ELSEWHERE),
  });
  shutdown.defer("gate", () => gate.close());
  const recovered = await gate.recover();
  if (recovered > 0)
    log.warn({ code: "recovered", streams: recovered }, "Broadcasts that a crash had left open were ended");

  shutdown.defer("process metrics", startProcessMetrics(metrics));
  const audience = makeAudience({ bus, secret });
  shutdown.defer("audience", () => audience.stop());
  const { host, rtmpPort } = env;
  const sockets = makeSockets();
  try {
    ingest = startIngest({
      host,
      rtmpPort,
      tls,
      apps: ["live"],
      limits: env.rtmpLimits,
      isProxy: makeAddressList(env.rtmpTrustedProxies),
      networkOf,
      callbacks: env.callbacks,
      tracer,
      gate,
      audience,
      recordings: recordingsOf(env, handle.db, bus, nodeId(env.dataDir)),
      playback: makePlaybackTokens(secret),
      restreams: {
        targets: makeRestreamTargets(handle.db, vault),
        lookup: makeAddressLookup({ anywhere: env.restreamAnywhere }),
      },
      pictures: isThere(ffmpeg) ? { onCover: coversOf(env, handle.db, log) } : null,
      log,
      metrics,
      ffmpeg,
      remuxer: env.remuxer,
      sockets,
    });
  } catch (error) {
    throw portFailure(error, env.rtmpPort, env.rtmps === null ? "RTMP_PORT" : "RTMP_PORT or RTMPS_PORT");
  }
  const { handle: media, rtmpPort: boundRtmp, rtmpsPort, stop } = ingest;
  const write = (minutes: readonly queries.HealthMinute[]) => queries.writeHealth(handle.db, minutes);
  const history = makeHealthHistory({ write, log });
  shutdown.defer("health history", history.stop);
  const leaveBus = joinBus({ bus, ingest, log, history });
  shutdown.defer("ingest bus", leaveBus);
  shutdown.defer("ingest", stop);
  await startRecordings(ingest, bus, log);

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
    probes: { database: () => handle.sql`select 1`, ingest: async () => {}, bus: () => bus.ping() },
    site: { ingest: { rtmpPort: boundRtmp, rtmpsPort, app: "live" }, sendsMail: mailer !== null },
    onFailure: ({ requestId, traceId, code, cause }) =>
      log.error(
        { code, requestId, ...(traceId === null ? {} : { traceId }), error: String(cause) },
        "A request failed",
      ),
  });
  const site = makeSite({
    distDir: SITE_FOLDER,
    describe: makeDescribePage((request) => app.fetch(request)),
    ask: makeAskApi((request) => app.fetch(request), callers),
    publicUrl: env.publicUrl,
  });
  const api: Part = (request, _address, path) => (isApiPath(path) ? app.fetch(request) : null);
  const http = startHttp({
    host,
    port: env.httpPort,
    variable: "HTTP_PORT",
    parts: [api, (request, address) => media(request, address()), site],
    trustedProxies: env.trustedProxies,
    addresses: callers,
    sockets,
    metrics: makeMetricsPart({ registry: metrics, token: env.metricsToken, stat: ingest.stat }),
    log,
  });
  shutdown.defer("http", () => http.stop());
  shutdown.defer("events", () => events.stop());

  if (demo) {
    const publisher = startDemo({
      ffmpeg: ffmpeg.path,
      rtmpPort: boundRtmp,
      streamKey: await demoKey(handle, vault),
      log,
    });
    shutdown.defer("demo", () => publisher.stop());
  }
  const addresses = addressesOf({
    host,
    httpPort: http.port,
    rtmpPort: boundRtmp,
    rtmpsPort,
    publicUrl: env.publicUrl,
  });
  return { addresses, first: firstRun.created ? firstRun : null, demoSlug: demo ? DEMO_SLUG : null };
}

async function serve(demo: boolean, json: boolean | undefined): Promise<void> {
  const env = environment();
  const log = makeLog(env.logLevel);
  const shutdown = makeShutdown(log);
  const signal = untilSignal();
  try {
    const started = await start(env, demo, shutdown, log);
    if (json) console.log(JSON.stringify({ ...started.addresses, first: started.first, demo: started.demoSlug }));
    else console.log(bannerText(started.addresses, started.first, started.demoSlug));
    log.info({ code: "stopping", signal: await signal }, "Stopping");
  } finally {
    await shutdown.run();
  }
  process.exit(process.exitCode ?? 0);
}

export const serveCommand = defineCommand({
  meta: {
    name: "serve",
    description: "Run everything in one process: database, RTMP, media, API and site (settings: .env.example)",
  },
  args: {
    demo: { type: "boolean", description: "Also publish a synthetic picture with sound and a burnt-in clock" },
    ...jsonArg,
  },
  run: ({ args }) => serve(args.demo === true, args.json),
});

export const demoCommand = defineCommand({
  meta: { name: "demo", description: "serve with a synthetic live broadcast" },
  args: { ...jsonArg },
  run: ({ args }) => serve(true, args.json),
});

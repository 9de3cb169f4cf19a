/** An ingest process: alone, or one of several workers that share their ports. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Env } from "@streamhub/api/env";
import { makeSockets } from "@streamhub/api/sockets";
import { type Bus, migrate, openBus, openDatabase, queries } from "@streamhub/db";
import { makePlaybackTokens, type PlaybackTokens } from "@streamhub/db/playback-token";
import { networkOf } from "@streamhub/db/viewer-identity";
import { type Ingest, type IngestOptions, startIngest } from "@streamhub/ingest";
import { LATENCY, type LatencyProfile } from "@streamhub/ingest/live/latency";
import type { Audience, Gate, Quality } from "@streamhub/ingest/live/ports";
import {
  ENDED_ELSEWHERE,
  type HealthHistory,
  joinBus,
  makeAddressLookup,
  makeAudience,
  makeDatabaseGate,
  makeHealthHistory,
  makeNodeLink,
  makeOpenGate,
  makeRestreamTargets,
  type NodeLink,
  type Peers,
} from "@streamhub/ingest/platform/index";
import { openDiskStorage } from "@streamhub/ingest/storage/disk";
import { Counter, Registry as PromRegistry } from "prom-client";
import { makeAddressList } from "./client-address.ts";
import { coversOf } from "./covers.ts";
import { misuse } from "./failure.ts";
import { findFfmpeg } from "./find-ffmpeg.ts";
import { type HttpOptions, portFailure, startHttp } from "./http.ts";
import { nodeId } from "./instance.ts";
import type { makeLog } from "./log.ts";
import { type MetricsPart, makeMetricsPart } from "./metrics.ts";
import { startProcessMetrics } from "./process-metrics.ts";
import { recordingsOf, startRecordings } from "./recordings.ts";
import { openSecrets, sealKeys } from "./secrets.ts";
import { readTls } from "./serve.ts";
import type { Shutdown } from "./shutdown.ts";
import { startTracing } from "./tracing/tracing.ts";
import { makeForward } from "./workers/forward.ts";
import { type WorkerLink, workerFolder, workerNodeId, workerOf } from "./workers/link.ts";
import type { IngestFlags, SharedPorts } from "./workers/messages.ts";

export const LOOPBACK = "127.0.0.1";

export interface IngestServerOptions {
  readonly flags: IngestFlags;
  readonly env: Env;
  readonly log: ReturnType<typeof makeLog>;
  readonly shutdown: Shutdown;
  /** Null: there are no others. */
  readonly link: WorkerLink | null;
}

export interface IngestServer {
  readonly ports: SharedPorts;
  /** Of its media and metrics alone; the shared one where there are no others. */
  readonly ownPort: number;
  /** Takes nobody new and waits for those who are there, as long as DRAIN_SECONDS. */
  drain(): Promise<void>;
}

/** The name under which others reach what listens on `host`. */
function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return hostname();
  return host.includes(":") ? `[${host}]` : host;
}

function qualityOf(text: string): Quality {
  if (text === "source" || text === "ladder") return text;
  throw misuse("--quality is source or ladder.");
}

function latencyOf(text: string): LatencyProfile {
  if (Object.hasOwn(LATENCY, text)) return text as LatencyProfile;
  throw misuse(`--latency is one of ${Object.keys(LATENCY).join(", ")}.`);
}

/** Throws Failure for what a wrong word of the command line is. */
export function openGateOf({ latency, quality }: IngestFlags): Gate {
  return makeOpenGate(latencyOf(latency), qualityOf(quality));
}

/** Which worker answered would be chance. */
const askEachWorker: MetricsPart = async () =>
  new Response("Several workers share this port: ask each on its own, MEDIA_PORT + 1 and the next ones.\n", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });

/** Another process of this machine is known better than the bus could know it. */
function peersOf(base: string, link: WorkerLink | null, node: Peers | null, isDraining: () => boolean) {
  return {
    get isDraining() {
      return isDraining();
    },
    async stateOf(name: string) {
      const worker = link === null ? null : workerOf(base, name);
      if (link !== null && worker !== null) return worker < link.count && link.isUp(worker) ? "there" : "gone";
      return (await node?.stateOf(name)) ?? "there";
    },
  } satisfies Peers & { isDraining: boolean };
}

/** Throws Failure. What it has opened ends with `shutdown`. */
export async function startIngestServer(options: IngestServerOptions): Promise<IngestServer> {
  const { flags, env, log, shutdown, link } = options;
  const { open } = flags;
  const host = open ? LOOPBACK : env.host;
  const ports = link?.ports ?? { rtmp: env.rtmpPort, rtmps: env.rtmps?.port ?? null, media: env.mediaPort };
  const ffmpeg = flags.packaging ? await findFfmpeg(env, log) : null;
  const metrics = new PromRegistry();
  const tracer = await startTracing(env, { metrics, shutdown, log });
  let ingest: Ingest | null = null;
  let node: NodeLink | null = null;
  let gate: Gate = openGateOf(flags);
  let bus: Bus | null = null;
  let audience: Audience | null = null;
  let recordings: IngestOptions["recordings"] = null;
  let history: HealthHistory | null = null;
  // In open mode its cost would be measured with the rest.
  let pictures: IngestOptions["pictures"] = flags.pictures ? {} : null;
  let restreams: IngestOptions["restreams"] = null;
  let tokens: PlaybackTokens | null = null;
  let isDraining = false;
  if (!open) {
    const handle = await openDatabase({ url: env.databaseUrl ?? undefined, dataDir: env.dataDir, log });
    shutdown.defer("database", () => handle.close());
    await migrate(handle);
    bus = await openBus({ url: env.redisUrl, log });
    shutdown.defer("bus", bus.close);
    const { secret, vault } = openSecrets(env);
    await sealKeys(handle.db, vault, log);
    tokens = makePlaybackTokens(secret);
    restreams = {
      targets: makeRestreamTargets(handle.db, vault),
      lookup: makeAddressLookup({ anywhere: env.restreamAnywhere }),
    };
    const counted = makeAudience({ bus, secret });
    shutdown.defer("audience", () => counted.stop());
    audience = counted;
    const base = nodeId(env.dataDir);
    const name = link === null ? base : workerNodeId(base, link.worker);
    recordings = recordingsOf(env, handle.db, bus, name);
    if (link !== null) {
      const folder = workerFolder(env.dataDir, link.worker);
      recordings = { ...recordings, scratch: openDiskStorage(folder), cacheDir: join(folder, "cache") };
    }
    history = makeHealthHistory({ write: (minutes) => queries.writeHealth(handle.db, minutes), log });
    shutdown.defer("health history", history.stop);
    pictures = { onCover: coversOf(env, handle.db, log) };
    const onTakenOver = (streamId: number) => ingest?.cut(streamId, ENDED_ELSEWHERE);
    const { maxPublishers: capacity } = env.ingestNode;
    const ownShare = capacity === null || link === null ? capacity : Math.ceil(capacity / link.count);
    node = makeNodeLink({ bus, nodeId: name, capacity: ownShare, metrics });
    // Without Redis the bus ends at this process: nodes of other machines can't be told from none.
    const onBus = env.redisUrl === null ? null : node;
    const peers = onBus === null && link === null ? {} : { peers: peersOf(base, link, onBus, () => isDraining) };
    gate = makeDatabaseGate({
      handle,
      vault,
      bus,
      nodeId: name,
      capacity,
      ...(link === null ? {} : { others: link.othersLive }),
      ...peers,
      log,
      onTakenOver,
    });
    shutdown.defer("gate", () => gate.close());
    await gate.recover();
  }
  // Each worker may draw as if the machine had as many processors fewer.
  if (pictures !== null && link !== null)
    pictures = { ...pictures, processors: navigator.hardwareConcurrency / link.count };
  shutdown.defer("process metrics", startProcessMetrics(metrics));
  if (link !== null) countRestarts(metrics, link.restarts);
  const sockets = makeSockets();
  const tls = readTls(env.rtmps);
  try {
    ingest = startIngest({
      host,
      rtmpPort: ports.rtmp,
      tls: tls === undefined ? undefined : { ...tls, port: ports.rtmps ?? tls.port },
      apps: open ? null : ["live"],
      limits: env.rtmpLimits,
      isProxy: makeAddressList(env.rtmpTrustedProxies),
      siblings: link?.siblings ?? null,
      networkOf,
      callbacks: env.callbacks,
      tracer,
      gate,
      audience,
      recordings,
      playback: tokens,
      restreams,
      pictures,
      log,
      metrics,
      ffmpeg,
      remuxer: env.remuxer,
      sockets,
    });
  } catch (error) {
    throw portFailure(error, env.rtmpPort, "RTMP_PORT");
  }
  const started = ingest;
  if (link !== null) started.listen(link.listener);
  if (bus !== null)
    shutdown.defer("ingest bus", joinBus({ bus, ingest, log, ...(history === null ? {} : { history }) }));
  if (node !== null) started.listen(node.listener);
  shutdown.defer("ingest", started.stop);
  if (bus !== null) await startRecordings(started, bus, log);

  const ownMetrics = makeMetricsPart({ registry: metrics, token: env.metricsToken, stat: started.stat });
  const media: HttpOptions["parts"][number] = (request, address) => started.handle(request, address());
  const common = { sockets, trustedProxies: env.trustedProxies, log };
  const variable = "MEDIA_PORT";
  let ownPort: number;
  let mediaPort: number;
  if (link === null) {
    const http = startHttp({ ...common, host, port: ports.media, variable, parts: [media], metrics: ownMetrics });
    shutdown.defer("http", () => http.stop());
    ownPort = mediaPort = http.port;
  } else {
    const inner = startHttp({ ...common, unix: link.sockets.http, parts: [media], metrics: askEachWorker });
    shutdown.defer("inner http", () => inner.stop());
    const parts = [makeForward({ find: link.httpFor, sockets }), media];
    const own = startHttp({ ...common, host, port: link.ownPort, variable, parts, metrics: ownMetrics });
    shutdown.defer("own http", () => own.stop());
    const shared = { host, port: ports.media, variable, isShared: true } as const;
    const http = startHttp({ ...common, ...shared, parts, metrics: askEachWorker });
    shutdown.defer("http", () => http.stop());
    ownPort = own.port;
    mediaPort = http.port;
  }
  if (node !== null) {
    node.start(addressOf(env.ingestNode.url, link === null ? null : ownPort) ?? `http://${reachable(host)}:${ownPort}`);
    shutdown.defer("node", node.stop);
  }
  return {
    ports: { rtmp: started.rtmpPort, rtmps: started.rtmpsPort, media: mediaPort },
    ownPort,
    async drain() {
      isDraining = true;
      node?.drain();
      await started.drain(env.ingestNode.drainSeconds * 1_000);
    },
  };
}

/** INGEST_URL; of a worker with its own port. */
function addressOf(url: string | null, port: number | null): string | null {
  if (url === null || port === null) return url;
  const own = new URL(url);
  own.port = String(port);
  return own.href.replace(/\/$/, "");
}

/** The supervisor counts, this process says it: `/metrics` is its own. */
function countRestarts(registry: PromRegistry, restarts: number): void {
  new Counter({
    name: "streamhub_ingest_worker_restarts_total",
    help: "How often this worker crashed and was started again",
    registers: [registry],
  }).inc(restarts);
}

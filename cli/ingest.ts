import { hostname } from "node:os";
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
} from "@streamhub/ingest/platform/index";
import { defineCommand } from "citty";
import { Registry as PromRegistry } from "prom-client";
import { makeAddressList } from "./client-address.ts";
import { coversOf } from "./covers.ts";
import { environment } from "./environment.ts";
import { misuse } from "./failure.ts";
import { findFfmpeg } from "./find-ffmpeg.ts";
import { portFailure, startHttp } from "./http.ts";
import { claimInstance, nodeId } from "./instance.ts";
import { makeLog } from "./log.ts";
import { makeMetricsPart } from "./metrics.ts";
import { jsonArg, print } from "./output.ts";
import { startProcessMetrics } from "./process-metrics.ts";
import { recordingsOf, startRecordings } from "./recordings.ts";
import { openSecrets, sealKeys } from "./secrets.ts";
import { readTls } from "./serve.ts";
import { makeShutdown, untilSignal } from "./shutdown.ts";
import { startTracing } from "./tracing/tracing.ts";

const LOOPBACK = "127.0.0.1";

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

export const ingestCommand = defineCommand({
  meta: { name: "ingest", description: "Run the RTMP server and its media delivery alone" },
  args: {
    open: {
      type: "boolean",
      description:
        "Benchmark and developer mode: no database, any key is accepted and is the public name; loopback only",
    },
    packaging: {
      type: "boolean",
      default: true,
      description: "Remux to HLS and DASH",
      negativeDescription: "RTMP only: no remux, no delivery",
    },
    pictures: { type: "boolean", description: "With --open: draw thumbnails and storyboards" },
    latency: {
      type: "string",
      default: "standard",
      description: `With --open: ${Object.keys(LATENCY).join(", ")}`,
    },
    quality: {
      type: "string",
      default: "source",
      description: "With --open: source, or ladder to encode smaller renditions besides",
    },
    ...jsonArg,
  },
  async run({ args }) {
    const open = args.open === true;
    if (!open && !args.packaging) throw misuse("--no-packaging goes with --open.");
    const env = environment({ partsRunApart: !open });
    const log = makeLog(env.logLevel);
    const shutdown = makeShutdown(log);
    const signal = untilSignal();
    const host = open ? LOOPBACK : env.host;
    try {
      const ffmpeg = args.packaging ? await findFfmpeg(env, log) : null;
      const metrics = new PromRegistry();
      const tracer = await startTracing(env, { metrics, shutdown, log });
      let ingest: Ingest | null = null;
      let node: NodeLink | null = null;
      let gate: Gate = makeOpenGate(latencyOf(args.latency), qualityOf(args.quality));
      let bus: Bus | null = null;
      let audience: Audience | null = null;
      let recordings: ReturnType<typeof recordingsOf> | null = null;
      let history: HealthHistory | null = null;
      // In open mode its cost would be measured with the rest.
      let pictures: IngestOptions["pictures"] = args.pictures === true ? {} : null;
      let restreams: IngestOptions["restreams"] = null;
      let tokens: PlaybackTokens | null = null;
      if (!open) {
        shutdown.defer("instance", claimInstance(env.dataDir));
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
        recordings = recordingsOf(env, handle.db, bus);
        history = makeHealthHistory({ write: (minutes) => queries.writeHealth(handle.db, minutes), log });
        shutdown.defer("health history", history.stop);
        pictures = { onCover: coversOf(env, handle.db, log) };
        const onTakenOver = (streamId: number) => ingest?.cut(streamId, ENDED_ELSEWHERE);
        const { maxPublishers: capacity } = env.ingestNode;
        node = makeNodeLink({ bus, nodeId: nodeId(env.dataDir), capacity, metrics });
        // Without Redis the bus ends at this process: other nodes can't be told from none.
        const peers = env.redisUrl === null ? {} : { peers: node };
        gate = makeDatabaseGate({
          handle,
          vault,
          bus,
          nodeId: nodeId(env.dataDir),
          capacity,
          ...peers,
          log,
          onTakenOver,
        });
        shutdown.defer("gate", () => gate.close());
        await gate.recover();
      }
      shutdown.defer("process metrics", startProcessMetrics(metrics));
      const sockets = makeSockets();
      try {
        const apps = open ? null : ["live"];
        ingest = startIngest({
          host,
          rtmpPort: env.rtmpPort,
          tls: readTls(env.rtmps),
          apps,
          limits: env.rtmpLimits,
          isProxy: makeAddressList(env.rtmpTrustedProxies),
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
      const { handle: media, rtmpPort, stop } = ingest;
      if (bus !== null)
        shutdown.defer("ingest bus", joinBus({ bus, ingest, log, ...(history === null ? {} : { history }) }));
      if (node !== null) ingest.listen(node.listener);
      shutdown.defer("ingest", stop);
      if (bus !== null) await startRecordings(ingest, bus, log);
      const http = startHttp({
        sockets,
        host,
        port: env.mediaPort,
        variable: "MEDIA_PORT",
        parts: [(request, address) => media(request, address())],
        trustedProxies: env.trustedProxies,
        metrics: makeMetricsPart({ registry: metrics, token: env.metricsToken, stat: ingest.stat }),
        log,
      });
      shutdown.defer("http", () => http.stop());
      if (node !== null) {
        node.start(env.ingestNode.url ?? `http://${reachable(host)}:${http.port}`);
        shutdown.defer("node", node.stop);
      }
      const rtmp = `rtmp://${open ? LOOPBACK : "localhost"}:${rtmpPort}/live`;
      const playback = `http://${open ? LOOPBACK : "localhost"}:${http.port}/live/{slug}/master.m3u8`;
      const text = [
        `RTMP server  ${rtmp}`,
        ...(args.packaging ? [`Playback     ${playback}`] : []),
        `Metrics      http://${LOOPBACK}:${http.port}/metrics`,
      ].join("\n");
      print(args.json, { rtmp, playback: args.packaging ? playback : null, rtmpPort, mediaPort: http.port }, text);
      log.info({ code: "stopping", signal: await signal }, "Stopping");
      node?.drain();
      await ingest.drain(env.ingestNode.drainSeconds * 1_000);
    } finally {
      await shutdown.run();
    }
    process.exit(process.exitCode ?? 0);
  },
});

import { availableParallelism } from "node:os";
import { LATENCY } from "@streamhub/ingest/live/latency";
import { defineCommand } from "citty";
import { environment } from "./environment.ts";
import { misuse } from "./failure.ts";
import { LOOPBACK, openGateOf, startIngestServer } from "./ingest-server.ts";
import { claimInstance } from "./instance.ts";
import { makeLog } from "./log.ts";
import { jsonArg, print } from "./output.ts";
import { makeShutdown, untilSignal } from "./shutdown.ts";
import { clearWorkerFolders } from "./workers/link.ts";
import type { IngestFlags } from "./workers/messages.ts";
import { startWorkers } from "./workers/supervisor.ts";

const MAX_WORKERS = 256;

function workersOf(text: string | undefined): number {
  if (text === undefined) return Math.min(availableParallelism(), MAX_WORKERS);
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_WORKERS) throw misuse(`--workers is a number from 1 to ${MAX_WORKERS}.`);
  return count;
}

export const ingestCommand = defineCommand({
  meta: { name: "ingest", description: "Run the RTMP server and its media delivery alone" },
  args: {
    open: {
      type: "boolean",
      description:
        "Benchmark and developer mode: no database, any key is accepted and is the public name; loopback only",
    },
    workers: {
      type: "string",
      valueHint: "N",
      description:
        "Processes that share RTMP_PORT and MEDIA_PORT; each has its own media and metrics on MEDIA_PORT + 1 and the next ones besides (default: one for each processor; 1: this process alone)",
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
    const count = workersOf(args.workers);
    const { packaging, pictures = false, latency, quality } = args;
    const flags: IngestFlags = { open, packaging, pictures, latency, quality };
    openGateOf(flags);
    const env = environment({ partsRunApart: !open });
    const log = makeLog(env.logLevel);
    const shutdown = makeShutdown(log);
    const signal = untilSignal();
    try {
      if (!open) {
        shutdown.defer("instance", claimInstance(env.dataDir));
        clearWorkerFolders(env.dataDir);
      }
      const common = { flags, env, log, shutdown };
      const server = count === 1 ? await startIngestServer({ ...common, link: null }) : null;
      const workers = server === null ? await startWorkers({ ...common, count }) : null;
      const { ports } = (server ?? workers)!;
      const ownPorts = workers?.ownPorts ?? [ports.media];
      const rtmp = `rtmp://${open ? LOOPBACK : "localhost"}:${ports.rtmp}/live`;
      const playback = `http://${open ? LOOPBACK : "localhost"}:${ports.media}/live/{slug}/master.m3u8`;
      const text = [
        `RTMP server  ${rtmp}`,
        ...(args.packaging ? [`Playback     ${playback}`] : []),
        ...ownPorts.map((port) => `Metrics      http://${LOOPBACK}:${port}/metrics`),
      ].join("\n");
      const said = { rtmp, playback: args.packaging ? playback : null, rtmpPort: ports.rtmp, mediaPort: ports.media };
      print(args.json, workers === null ? said : { ...said, workerPorts: ownPorts }, text);
      log.info({ code: "stopping", signal: await signal }, "Stopping");
      await server?.drain();
    } finally {
      await shutdown.run();
    }
    process.exit(process.exitCode ?? 0);
  },
});

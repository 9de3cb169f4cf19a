/** StreamHub's ingest as developers run it for measuring: `streamhub ingest --open`, as a process of its own. */
import { join } from "node:path";
import { lines, spawnChild, stopChild } from "../measure/children.ts";
import { LOOPBACK, type RunningServer, type ServerKind } from "./server.ts";

const STREAMHUB = join(import.meta.dir, "..", "..", "..", "streamhub.ts");

/** Extra flags of the runtime for profiles and experiments: BENCH_BUN_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/profiles". */
const runtimeFlags = (): string[] => (Bun.env.BENCH_BUN_FLAGS ?? "").split(" ").filter((flag) => flag !== "");

/** What the command prints with --json. */
interface Ports {
  readonly rtmpPort: number;
  readonly mediaPort: number;
}

/** In one process: what is measured is the cost of one. */
async function startOurs(name: string, isPackaging: boolean, more: readonly string[] = []): Promise<RunningServer> {
  const flags = ["ingest", "--open", "--workers", "1", "--json", ...(isPackaging ? [] : ["--no-packaging"]), ...more];
  const env = { RTMP_PORT: "0", MEDIA_PORT: "0", LOG_LEVEL: "error" };
  const child = spawnChild([process.execPath, ...runtimeFlags(), STREAMHUB, ...flags], { env });
  for await (const line of lines(child)) {
    const { rtmpPort, mediaPort } = JSON.parse(line) as Partial<Ports>;
    if (rtmpPort === undefined || mediaPort === undefined) throw new Error(`streamhub ingest did not start: ${line}`);
    return {
      name,
      pid: child.pid,
      target: { host: LOOPBACK, port: rtmpPort, app: "live" },
      metricsUrl: `http://${LOOPBACK}:${mediaPort}/metrics`,
      playbackUrl: isPackaging ? (stream) => `http://${LOOPBACK}:${mediaPort}/live/${stream}/master.m3u8` : null,
      stop: () => stopChild(child, 8_000),
    };
  }
  throw new Error("streamhub ingest ended before it listened.");
}

export const ours: ServerKind = {
  name: "ours",
  title: "StreamHub, ingest only",
  unavailable: () => null,
  start: () => startOurs("ours", false),
};

export const oursPackaging: ServerKind = {
  name: "ours-packaging",
  title: "StreamHub, ingest and packaging through ffmpeg",
  unavailable: () => (Bun.which("ffmpeg") === null ? "ffmpeg is not installed." : null),
  start: () => startOurs("ours-packaging", true),
};

/** With a latency profile (`ultra`, `balanced`, `standard`). */
export const startWithLatency = (latency: string): Promise<RunningServer> =>
  startOurs(`ours-${latency}`, true, ["--latency", latency]);

/** Our server as the benches run it. */
import { join } from "node:path";
import { lines, spawnChild, stopChild } from "../measure/children.ts";
import { LOOPBACK, type RunningServer, type ServerKind } from "./server.ts";

/** Extra flags of the runtime for experiments and profiles, e.g. BENCH_BUN_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/x". */
const runtimeFlags = (): string[] => (Bun.env.BENCH_BUN_FLAGS ?? "").split(" ").filter((flag) => flag !== "");

async function startOurs(): Promise<RunningServer> {
  const script = join(import.meta.dir, "ours-main.ts");
  const child = spawnChild([process.execPath, ...runtimeFlags(), script]);
  for await (const line of lines(child)) {
    const ports = JSON.parse(line) as { rtmp: number; http: number };
    return {
      name: "ours",
      pid: child.pid,
      target: { host: LOOPBACK, port: ports.rtmp, app: "live" },
      metricsUrl: `http://${LOOPBACK}:${ports.http}/metrics`,
      stop: () => stopChild(child),
    };
  }
  throw new Error("Our server ended before it listened.");
}

export const ours: ServerKind = {
  name: "ours",
  title: "StreamHub, ingest only",
  unavailable: () => null,
  start: startOurs,
};

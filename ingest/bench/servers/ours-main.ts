/**
 * Our ingest alone as a process: the RTMP server with a gate that says yes, no packaging. Says its ports in one JSON line, ends with its
 * stdin. Metrics are served as in production.
 */
import { collectDefaultMetrics, Registry as PromRegistry } from "prom-client";
import { Registry } from "../../src/live/registry.ts";
import { makeOpenGate } from "../../src/platform/open-gate.ts";
import { DEFAULT_SERVER_LIMITS } from "../../src/server/limits.ts";
import { startRtmpServer } from "../../src/server/listener.ts";
import { makeServerMetrics } from "../../src/server/metrics.ts";
import { onParentGone } from "../measure/children.ts";
import { LOOPBACK } from "./server.ts";

const prom = new PromRegistry();
const registry = new Registry();
collectDefaultMetrics({ register: prom });
const quiet = () => {};
const log = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: (fields: object, message: string) => console.error(message, fields),
};
const gopBytes = () => {
  let sum = 0;
  for (const broadcast of registry.all()) sum += broadcast.stats.gopBytes;
  return sum;
};
const gauges = { connections: () => server.connections(), broadcasts: () => registry.size, gopBytes };
const metrics = makeServerMetrics(prom, gauges);
const gate = makeOpenGate();
const limits = DEFAULT_SERVER_LIMITS;
const server = startRtmpServer({ host: LOOPBACK, port: 0, apps: null, gate, registry, limits, metrics, log });
const http = Bun.serve({
  hostname: LOOPBACK,
  port: 0,
  fetch: async () => new Response(await prom.metrics(), { headers: { "content-type": prom.contentType } }),
});
process.stdout.write(`${JSON.stringify({ rtmp: server.port, http: http.port })}\n`);
// Normal exit, so that --cpu-prof can write its file.
const leave = () => process.exit(0);
process.on("SIGTERM", leave);
void onParentGone(leave);

/** Traces, where the environment says where they go: without it nothing of OpenTelemetry is loaded. */
import type { Env } from "@streamhub/api/env";
import type { Log } from "@streamhub/ingest/live/ports";
import type { Tracer } from "@streamhub/ingest/live/trace";
import type { Registry as PromRegistry } from "prom-client";
import type { Shutdown } from "../shutdown.ts";

export interface TracingNeeds {
  readonly metrics: PromRegistry;
  readonly shutdown: Shutdown;
  readonly log: Log;
}

/** Null: none. What was not sent yet is sent when everything that was started after it has stopped. */
export async function startTracing(env: Env, { metrics, shutdown, log }: TracingNeeds): Promise<Tracer | null> {
  if (env.tracing === null) return null;
  const { makeOtlpTracer } = await import("./otlp.ts");
  const { tracer, stop } = makeOtlpTracer({ ...env.tracing, metrics, log });
  shutdown.defer("tracing", stop);
  return tracer;
}

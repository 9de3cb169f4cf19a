import { Elysia } from "elysia";
import { HealthSchema, ReadySchema } from "./model.ts";
import { checkReady, type Probes } from "./service.ts";

export function healthRoutes(probes: Probes) {
  const started = performance.now();
  return new Elysia({ name: "health", prefix: "/api", tags: ["Operations"] })
    .get(
      "/health",
      ({ set }) => {
        set.headers["cache-control"] = "no-store";
        return { status: "ok" as const, uptimeSeconds: Math.floor((performance.now() - started) / 1000) };
      },
      { response: HealthSchema, detail: { summary: "The process is alive", operationId: "health" } },
    )
    .get(
      "/ready",
      async ({ set, status }) => {
        set.headers["cache-control"] = "no-store";
        const ready = await checkReady(probes);
        return ready.status === "ready" ? ready : status(503, ready);
      },
      {
        response: { 200: ReadySchema, 503: ReadySchema },
        detail: { summary: "Database, bus and ingest can be reached", operationId: "ready" },
      },
    );
}

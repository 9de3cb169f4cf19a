import { Elysia, t } from "elysia";
import { signedIn, visitor } from "../auth/guard.ts";
import { keepToReader, publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import { creating, IdempotencyHeaders } from "../idempotency.ts";
import type { Services } from "../services.ts";
import { HealthQuery, HealthSchema } from "./health.ts";
import {
  PlanParams,
  PlanStreamBody,
  StreamPage,
  StreamParams,
  StreamQuery,
  StreamSchema,
  StreamStatusSchema,
  UpdateStreamBody,
} from "./model.ts";
import { streamService } from "./service.ts";

const missing = { 404: ProblemSchema, 422: ProblemSchema };
const managed = { 401: ProblemSchema, 403: ProblemSchema, ...missing };

export function streamRoutes(services: Services) {
  const streams = streamService(services);
  const reads = new Elysia({ name: "streams-read", prefix: "/api/streams", tags: ["Streams"] })
    .use(visitor(services))
    .use(publicReads(1))
    .onBeforeHandle(keepToReader)
    .get("/", ({ actor, query }) => streams.list(actor, query), {
      query: StreamQuery,
      response: { 200: StreamPage, 422: ProblemSchema },
      detail: { summary: "Broadcasts, the newest first, or those that fit a search", operationId: "listStreams" },
    })
    .get("/:id", ({ actor, params }) => streams.get(actor, params.id), {
      params: StreamParams,
      response: { 200: StreamSchema, ...missing },
      detail: { summary: "One broadcast", operationId: "getStream" },
    })
    .get("/:id/status", ({ actor, params }) => streams.status(actor, params.id), {
      params: StreamParams,
      response: { 200: StreamStatusSchema, ...missing },
      detail: { summary: "How a broadcast is doing right now", operationId: "getStreamStatus" },
    });
  const writes = new Elysia({ name: "streams-write", prefix: "/api/streams", tags: ["Streams"] })
    .use(signedIn(services))
    .get("/:id/health", ({ actor, params, query }) => streams.health(actor, params.id, query), {
      params: StreamParams,
      query: HealthQuery,
      response: { 200: HealthSchema, ...managed },
      detail: {
        summary: "What was measured of a broadcast, to be plotted: at most 600 points",
        operationId: "getStreamHealth",
      },
    })
    .post(
      "/:id",
      ({ actor, params, body, request, set }) =>
        creating(services, { actor, body, request, set }, async () => {
          const stream = await streams.plan(actor, params.id, body);
          return { location: `/api/streams/${stream.id}`, body: stream };
        }),
      {
        headers: IdempotencyHeaders,
        params: PlanParams,
        body: PlanStreamBody,
        response: { 201: StreamSchema, 409: ProblemSchema, ...managed },
        detail: { summary: "Plan a stream on the channel of this id", operationId: "planStream" },
      },
    )
    .put("/:id", ({ actor, params, body }) => streams.update(actor, params.id, body), {
      params: StreamParams,
      body: UpdateStreamBody,
      response: { 200: StreamSchema, 409: ProblemSchema, ...managed },
      detail: { summary: "Change what is given, leave the rest; archive what is over", operationId: "updateStream" },
    })
    .post("/:id/start", ({ actor, params }) => streams.start(actor, params.id), {
      params: StreamParams,
      response: { 200: StreamSchema, 409: ProblemSchema, ...managed },
      detail: { summary: "The next encoder that publishes takes this planned stream", operationId: "startStream" },
    })
    .post("/:id/stop", ({ actor, params }) => streams.stop(actor, params.id), {
      params: StreamParams,
      response: { 200: StreamSchema, 409: ProblemSchema, ...managed },
      detail: {
        summary: `End a broadcast and send its encoder away for a minute; take back a start`,
        operationId: "stopStream",
      },
    })
    .delete(
      "/:id",
      async ({ actor, params, set }) => {
        await streams.remove(actor, params.id);
        set.status = 204;
      },
      {
        params: StreamParams,
        response: { 204: t.Void(), ...managed },
        detail: { summary: "Delete a stream and all that is its own; ends it first", operationId: "deleteStream" },
      },
    );
  return new Elysia({ name: "streams" }).use(writes).use(reads);
}

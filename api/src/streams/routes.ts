import { Elysia } from "elysia";
import { publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { StreamPage, StreamParams, StreamQuery, StreamSchema } from "./model.ts";
import { streamService } from "./service.ts";

export function streamRoutes(services: Services) {
  const streams = streamService(services);
  return new Elysia({ name: "streams", prefix: "/api/streams", tags: ["Streams"] })
    .use(publicReads(1))
    .get("/", ({ query }) => streams.list(query), {
      query: StreamQuery,
      response: { 200: StreamPage, 422: ProblemSchema },
      detail: { summary: "Broadcasts, the newest first", operationId: "listStreams" },
    })
    .get("/:id", ({ params }) => streams.get(params.id), {
      params: StreamParams,
      response: { 200: StreamSchema, 404: ProblemSchema, 422: ProblemSchema },
      detail: { summary: "One broadcast", operationId: "getStream" },
    });
}

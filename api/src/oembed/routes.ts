import { Elysia } from "elysia";
import { publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { OembedQuery, OembedSchema } from "./model.ts";
import { oembedService } from "./service.ts";

export function oembedRoutes(services: Services) {
  const oembed = oembedService(services);
  return new Elysia({ name: "oembed", prefix: "/api", tags: ["Channels"] })
    .use(publicReads(60))
    .get("/oembed", ({ query, request }) => oembed.describe(query, request), {
      query: OembedQuery,
      response: { 200: OembedSchema, 404: ProblemSchema, 422: ProblemSchema },
      detail: {
        summary: "What another site needs to show a channel or a recording (oEmbed 1.0)",
        operationId: "oembed",
      },
    });
}

import { Elysia } from "elysia";
import { publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { ChannelPage, ChannelParams, ChannelQuery, ChannelSchema } from "./model.ts";
import { channelService } from "./service.ts";

export function channelRoutes(services: Services) {
  const channels = channelService(services);
  return new Elysia({ name: "channels", prefix: "/api/channels", tags: ["Channels"] })
    .use(publicReads(1))
    .get("/", ({ query }) => channels.list(query), {
      query: ChannelQuery,
      response: { 200: ChannelPage, 422: ProblemSchema },
      detail: { summary: "Public channels, or the one with a given slug", operationId: "listChannels" },
    })
    .get("/:id", ({ params }) => channels.get(params.id), {
      params: ChannelParams,
      response: { 200: ChannelSchema, 404: ProblemSchema, 422: ProblemSchema },
      detail: { summary: "One channel", operationId: "getChannel" },
    });
}

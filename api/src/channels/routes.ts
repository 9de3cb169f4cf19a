import { Elysia, t } from "elysia";
import { signedIn, visitor } from "../auth/guard.ts";
import { keepToReader, publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import { creating, IdempotencyHeaders } from "../idempotency.ts";
import type { Services } from "../services.ts";
import {
  ChannelPage,
  ChannelParams,
  ChannelQuery,
  ChannelSchema,
  CreateChannelBody,
  StreamKeySchema,
  UpdateChannelBody,
} from "./model.ts";
import { channelService } from "./service.ts";

const missing = { 404: ProblemSchema, 422: ProblemSchema };
const managed = { 401: ProblemSchema, 403: ProblemSchema, ...missing };

export function channelRoutes(services: Services) {
  const channels = channelService(services);
  const reads = new Elysia({ name: "channels-read", prefix: "/api/channels", tags: ["Channels"] })
    .use(visitor(services))
    .use(publicReads(1))
    .onBeforeHandle(keepToReader)
    .get("/", ({ actor, query }) => channels.list(actor, query), {
      query: ChannelQuery,
      response: { 200: ChannelPage, 422: ProblemSchema },
      detail: { summary: "Public channels, or the one with a given slug", operationId: "listChannels" },
    })
    .get("/:id", ({ actor, params }) => channels.get(actor, params.id), {
      params: ChannelParams,
      response: { 200: ChannelSchema, ...missing },
      detail: { summary: "One channel", operationId: "getChannel" },
    });
  const writes = new Elysia({ name: "channels-write", prefix: "/api/channels", tags: ["Channels"] })
    .use(signedIn(services))
    .post(
      "/",
      ({ actor, body, request, set }) =>
        creating(services, { actor, body, request, set }, async () => {
          const channel = await channels.create(actor, body);
          return { location: `/api/channels/${channel.id}`, body: channel };
        }),
      {
        headers: IdempotencyHeaders,
        body: CreateChannelBody,
        response: {
          201: ChannelSchema,
          401: ProblemSchema,
          403: ProblemSchema,
          409: ProblemSchema,
          422: ProblemSchema,
        },
        detail: { summary: "Create a channel of your own", operationId: "createChannel" },
      },
    )
    .put("/:id", ({ actor, params, body }) => channels.update(actor, params.id, body), {
      params: ChannelParams,
      body: UpdateChannelBody,
      response: { 200: ChannelSchema, 409: ProblemSchema, ...managed },
      detail: { summary: "Change what is given, leave the rest", operationId: "updateChannel" },
    })
    .delete(
      "/:id",
      async ({ actor, params, set }) => {
        await channels.remove(actor, params.id);
        set.status = 204;
      },
      {
        params: ChannelParams,
        response: { 204: t.Void(), ...managed },
        detail: {
          summary: "Delete a channel and all that is its own; ends its broadcast",
          operationId: "deleteChannel",
        },
      },
    )
    .get("/:id/stream-key", ({ actor, params }) => channels.streamKey(actor, params.id), {
      params: ChannelParams,
      response: { 200: StreamKeySchema, 409: ProblemSchema, ...managed },
      detail: { summary: "The stream key, and its last use (owner or admin)", operationId: "getStreamKey" },
    })
    .post("/:id/regenerate-stream-key", ({ actor, params }) => channels.regenerateStreamKey(actor, params.id), {
      params: ChannelParams,
      response: { 200: StreamKeySchema, ...managed },
      detail: {
        summary: "A new stream key; cuts off who publishes with the old one",
        operationId: "regenerateStreamKey",
      },
    });
  return new Elysia({ name: "channels" }).use(writes).use(reads);
}

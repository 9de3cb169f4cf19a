import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { ChannelParams } from "../channels/model.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { FollowedIdsSchema, FollowedPage, FollowsQuery } from "./model.ts";
import { followService } from "./service.ts";

const refused = { 401: ProblemSchema, 403: ProblemSchema, 422: ProblemSchema };

export function followRoutes(services: Services) {
  const follows = followService(services);
  return new Elysia({ name: "follows", tags: ["Follows"] })
    .use(signedIn(services))
    .get("/api/follows", ({ actor, query }) => follows.list(actor, query), {
      query: FollowsQuery,
      response: { 200: FollowedPage, ...refused },
      detail: {
        summary: "The channels that you follow: those that are live first, then those followed last",
        operationId: "listFollows",
      },
    })
    .get("/api/follows/ids", ({ actor }) => follows.ids(actor), {
      response: { 200: FollowedIdsSchema, 401: ProblemSchema, 403: ProblemSchema },
      detail: { summary: "Ids of all channels that you follow", operationId: "listFollowedIds" },
    })
    .put(
      "/api/channels/:id/follow",
      async ({ actor, params, set }) => {
        await follows.follow(actor, params.id);
        set.status = 204;
      },
      {
        params: ChannelParams,
        response: { 204: t.Void(), 404: ProblemSchema, 409: ProblemSchema, ...refused },
        detail: { summary: "Follow a channel: be told when it goes live", operationId: "followChannel" },
      },
    )
    .delete(
      "/api/channels/:id/follow",
      async ({ actor, params, set }) => {
        await follows.unfollow(actor, params.id);
        set.status = 204;
      },
      {
        params: ChannelParams,
        response: { 204: t.Void(), ...refused },
        detail: { summary: "Follow a channel no longer", operationId: "unfollowChannel" },
      },
    );
}

import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import { creating, IdempotencyHeaders } from "../idempotency.ts";
import type { Services } from "../services.ts";
import {
  RestreamBody,
  RestreamChangeBody,
  RestreamListSchema,
  RestreamParams,
  RestreamSchema,
  RestreamsParams,
} from "./model.ts";
import { restreamService } from "./service.ts";

const refused = { 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema, 422: ProblemSchema };

export function restreamRoutes(services: Services) {
  const restreams = restreamService(services);
  return new Elysia({ name: "restreams", prefix: "/api/channels/:id/restreams", tags: ["Restreams"] })
    .use(signedIn(services))
    .get("/", ({ actor, params }) => restreams.list(actor, params.id), {
      params: RestreamsParams,
      response: { 200: RestreamListSchema, ...refused },
      detail: {
        summary: "The services that the channel's broadcasts are sent on to, and how they get it",
        operationId: "listRestreams",
      },
    })
    .post(
      "/",
      ({ actor, params, body, request, set }) =>
        creating(services, { actor, body: restreams.withoutKey(body), request, set }, async () => {
          const made = await restreams.create(actor, params.id, body);
          return { location: `/api/channels/${params.id}/restreams/${made.id}`, body: made };
        }),
      {
        headers: IdempotencyHeaders,
        params: RestreamsParams,
        body: RestreamBody,
        response: { 201: RestreamSchema, 409: ProblemSchema, ...refused },
        detail: {
          summary: "Send the channel's broadcasts on to another RTMP service; its key is never shown again",
          operationId: "createRestream",
        },
      },
    )
    .patch("/:restreamId", ({ actor, params, body }) => restreams.update(actor, params.id, params.restreamId, body), {
      params: RestreamParams,
      body: RestreamChangeBody,
      response: { 200: RestreamSchema, ...refused },
      detail: {
        summary: "Change what is given of a restream, leave the rest; takes effect at once",
        operationId: "updateRestream",
      },
    })
    .delete(
      "/:restreamId",
      async ({ actor, params, set }) => {
        await restreams.remove(actor, params.id, params.restreamId);
        set.status = 204;
      },
      {
        params: RestreamParams,
        response: { 204: t.Void(), ...refused },
        detail: { summary: "Send broadcasts there no more", operationId: "deleteRestream" },
      },
    );
}

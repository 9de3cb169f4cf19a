import { VIEWER_COOKIE } from "@streamhub/db";
import { Elysia, t } from "elysia";
import { visitor } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { viewerCookie } from "./cookie.ts";
import { OpenParams, openBody, qualityBody, reportBody, ViewParams, ViewSchema } from "./model.ts";
import type { viewService } from "./service.ts";

export function viewRoutes(services: Services, views: ReturnType<typeof viewService>) {
  const openings = new Elysia({ name: "views-open", prefix: "/api/streams", tags: ["Views"] })
    .use(visitor(services))
    .post(
      "/:id/views",
      async ({ actor, params, body, request, set, cookie }) => {
        const { view, cookie: made } = await views.open(actor, params.id, request, body);
        set.status = 201;
        set.headers["cache-control"] = "no-store";
        if (made !== null) cookie[VIEWER_COOKIE]?.set(viewerCookie(made, services));
        return view;
      },
      {
        params: OpenParams,
        response: {
          201: ViewSchema,
          401: ProblemSchema,
          403: ProblemSchema,
          404: ProblemSchema,
          409: ProblemSchema,
          422: ProblemSchema,
          429: ProblemSchema,
        },
        detail: {
          summary: "Begin to watch a broadcast, live or past, or go on with it in another tab",
          operationId: "openView",
          requestBody: openBody,
        },
      },
    );
  // No credentials are looked at: the random id is all the authority there is, so a beacon without headers will do.
  const reports = new Elysia({ name: "views-report", prefix: "/api/views", tags: ["Views"] })
    .post(
      "/:sessionId/heartbeat",
      ({ params, body, request, set }) => {
        set.status = 204;
        return views.heartbeat(params.sessionId, views.viewerOf(request), body);
      },
      {
        params: ViewParams,
        response: { 204: t.Void(), 404: ProblemSchema, 409: ProblemSchema, 422: ProblemSchema },
        detail: { summary: "Still watching", operationId: "sendHeartbeat", requestBody: reportBody },
      },
    )
    .post(
      "/:sessionId/quality",
      ({ params, body, set }) => {
        set.status = 204;
        return views.quality(params.sessionId, body);
      },
      {
        params: ViewParams,
        response: { 204: t.Void(), 404: ProblemSchema, 409: ProblemSchema, 422: ProblemSchema, 429: ProblemSchema },
        detail: {
          summary: "How it played since the last report; for navigator.sendBeacon",
          operationId: "sendQuality",
          requestBody: qualityBody,
        },
      },
    )
    .post(
      "/:sessionId/end",
      ({ params, body, request, set }) => {
        set.status = 204;
        return views.end(params.sessionId, views.viewerOf(request), body);
      },
      {
        params: ViewParams,
        response: { 204: t.Void(), 404: ProblemSchema, 422: ProblemSchema },
        detail: {
          summary: "Watching no more; for navigator.sendBeacon",
          operationId: "endView",
          requestBody: reportBody,
        },
      },
    );
  return new Elysia({ name: "views" }).use(openings).use(reports);
}

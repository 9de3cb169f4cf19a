import { Elysia } from "elysia";
import { visitor } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { PlaybackBody, PlaybackParams, PlaybackTokenSchema } from "./model.ts";
import { playbackService } from "./service.ts";

/** Anyone, or who has signed in. */
const ANYONE = [{}, { bearer: [] }, { cookie: [] }];
const refused = { 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema, 422: ProblemSchema, 429: ProblemSchema };

export function playbackRoutes(services: Services) {
  const playback = playbackService(services);
  return new Elysia({ name: "playback", prefix: "/api", tags: ["Playback"] })
    .use(visitor(services))
    .onBeforeHandle(({ set }) => {
      set.headers["cache-control"] = "no-store";
    })
    .post(
      "/channels/:id/playback-token",
      ({ actor, params, body, request }) => playback.ofChannel(actor, params.id, request, body?.session),
      {
        params: PlaybackParams,
        body: PlaybackBody,
        response: { 200: PlaybackTokenSchema, ...refused },
        detail: {
          summary: "A token to watch a channel for ten minutes; needed for private ones",
          operationId: "getChannelPlaybackToken",
          security: ANYONE,
        },
      },
    )
    .post(
      "/streams/:id/playback-token",
      ({ actor, params, body, request }) => playback.ofStream(actor, params.id, request, body?.session),
      {
        params: PlaybackParams,
        body: PlaybackBody,
        response: { 200: PlaybackTokenSchema, 409: ProblemSchema, ...refused },
        detail: {
          summary: "A token to watch a broadcast, live or past; needed for those of private channels",
          operationId: "getStreamPlaybackToken",
          security: ANYONE,
        },
      },
    );
}

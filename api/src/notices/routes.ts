import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { NoticesSchema, PushBody } from "./model.ts";
import { noticeService } from "./service.ts";

const refused = { 401: ProblemSchema, 403: ProblemSchema };

export function noticeRoutes(services: Services) {
  const notices = noticeService(services);
  return new Elysia({ name: "notices", prefix: "/api/notices", tags: ["Follows"] })
    .use(signedIn(services))
    .get("/", ({ actor }) => notices.read(actor), {
      response: { 200: NoticesSchema, ...refused },
      detail: { summary: "How you are told of channels that you follow", operationId: "getNotices" },
    })
    .put(
      "/push",
      async ({ actor, body, set }) => {
        await notices.subscribe(actor, body);
        set.status = 204;
      },
      {
        body: PushBody,
        response: { 204: t.Void(), 422: ProblemSchema, ...refused },
        detail: {
          summary: "Tell this browser by Web Push, while its session lasts",
          operationId: "subscribeToPush",
        },
      },
    )
    .delete(
      "/push",
      async ({ actor, set }) => {
        await notices.unsubscribe(actor);
        set.status = 204;
      },
      {
        response: { 204: t.Void(), ...refused },
        detail: { summary: "Tell this browser no longer", operationId: "unsubscribeFromPush" },
      },
    );
}

import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { MailBody, MailOffQuery, NoticesSchema, PushBody } from "./model.ts";
import { noticeService } from "./service.ts";

const refused = { 401: ProblemSchema, 403: ProblemSchema };

export function noticeRoutes(services: Services) {
  const notices = noticeService(services);
  const open = new Elysia({ name: "notices-open", prefix: "/api/notices", tags: ["Follows"] }).post(
    "/mail/off",
    async ({ query, set }) => {
      await notices.turnMailOffBy(query.user, query.proof);
      set.status = 204;
    },
    {
      query: MailOffQuery,
      response: { 204: t.Void(), 403: ProblemSchema, 422: ProblemSchema },
      detail: { summary: "No more letters: the one click of a mail program (RFC 8058)", operationId: "mailOff" },
    },
  );
  const own = new Elysia({ name: "notices-own", prefix: "/api/notices", tags: ["Follows"] })
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
    )
    .put(
      "/mail",
      async ({ actor, body, set }) => {
        await notices.turnMailOn(actor, body.locale);
        set.status = 204;
      },
      {
        body: MailBody,
        response: { 204: t.Void(), 409: ProblemSchema, 422: ProblemSchema, ...refused },
        detail: { summary: "Tell you by e-mail when a channel that you follow goes live", operationId: "turnMailOn" },
      },
    )
    .delete(
      "/mail",
      async ({ actor, set }) => {
        await notices.turnMailOff(actor);
        set.status = 204;
      },
      {
        response: { 204: t.Void(), ...refused },
        detail: { summary: "Send no more letters", operationId: "turnMailOff" },
      },
    );
  return new Elysia({ name: "notices" }).use(open).use(own);
}

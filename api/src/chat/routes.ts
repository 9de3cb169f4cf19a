import { VIEWER_COOKIE } from "@streamhub/db";
import { Elysia, t } from "elysia";
import { signedIn, visitor } from "../auth/guard.ts";
import { keepToReader, publicReads } from "../caching.ts";
import { ProblemSchema } from "../error.ts";
import { creating, IdempotencyHeaders } from "../idempotency.ts";
import type { Services } from "../services.ts";
import { viewerCookie } from "../views/cookie.ts";
import { chatMessages } from "./messages.ts";
import {
  BanBody,
  BanPage,
  ChatMessagePage,
  ChatMessageSchema,
  ChatParams,
  ChatQuery,
  ChatSchema,
  ChatSettingsBody,
  MessageParams,
  ModeratorsSchema,
  PersonParams,
  PostMessageBody,
  ReplayQuery,
} from "./model.ts";
import { chatOrder } from "./order.ts";

const missing = { 404: ProblemSchema, 422: ProblemSchema };
const managed = { 401: ProblemSchema, 403: ProblemSchema, ...missing };
const done = { 204: t.Void(), ...managed };

export function chatRoutes(services: Services) {
  const messages = chatMessages(services);
  const order = chatOrder(services);

  const reads = new Elysia({ name: "chat-read", tags: ["Chat"] })
    .use(visitor(services))
    .use(publicReads(1))
    .onBeforeHandle(keepToReader)
    .get("/api/channels/:id/chat", ({ actor, params, request }) => order.get(actor, params.id, request), {
      params: ChatParams,
      response: { 200: ChatSchema, ...missing },
      detail: { summary: "How a channel's chat is run, and whether you may write", operationId: "getChat" },
    })
    .get("/api/channels/:id/chat/messages", ({ actor, params, query }) => messages.list(actor, params.id, query), {
      params: ChatParams,
      query: ChatQuery,
      response: { 200: ChatMessagePage, ...missing },
      detail: { summary: "What was said, the newest first", operationId: "listChatMessages" },
    })
    .get("/api/streams/:id/chat", ({ actor, params, query }) => messages.replay(actor, params.id, query), {
      params: ChatParams,
      query: ReplayQuery,
      response: { 200: ChatMessagePage, ...missing },
      detail: {
        summary: "What was said about a stretch of a broadcast, in the order of the picture",
        operationId: "replayChat",
      },
    });

  const writes = new Elysia({ name: "chat-write", prefix: "/api/channels", tags: ["Chat"] })
    .use(signedIn(services))
    .post(
      "/:id/chat/messages",
      ({ actor, params, body, request, set, cookie }) =>
        creating(services, { actor, body, request, set }, async () => {
          const { message, cookie: made } = await messages.say(actor, params.id, request, body);
          if (made !== null) cookie[VIEWER_COOKIE]?.set(viewerCookie(made, services));
          return { location: `/api/channels/${params.id}/chat/messages/${message.id}`, body: message };
        }),
      {
        headers: IdempotencyHeaders,
        params: ChatParams,
        body: PostMessageBody,
        response: { 201: ChatMessageSchema, 409: ProblemSchema, 429: ProblemSchema, ...managed },
        detail: { summary: "Say something", operationId: "postChatMessage" },
      },
    )
    .delete(
      "/:id/chat/messages/:messageId",
      async ({ actor, params, set }) => {
        await messages.remove(actor, params.id, params.messageId);
        set.status = 204;
      },
      {
        params: MessageParams,
        response: done,
        detail: { summary: "Take back a message of yours, or any as a moderator", operationId: "deleteChatMessage" },
      },
    )
    .put("/:id/chat", ({ actor, params, body, request }) => order.change(actor, params.id, request, body), {
      params: ChatParams,
      body: ChatSettingsBody,
      response: { 200: ChatSchema, ...managed },
      detail: { summary: "Change how a chat is run: what is given", operationId: "updateChat" },
    })
    .get("/:id/chat/bans", ({ actor, params, query }) => order.bans(actor, params.id, query), {
      params: ChatParams,
      query: ChatQuery,
      response: { 200: BanPage, ...managed },
      detail: { summary: "Who may not write now, the newest ban first", operationId: "listChatBans" },
    })
    .put(
      "/:id/chat/bans/:userId",
      async ({ actor, params, body, set }) => {
        await order.ban(actor, params.id, params.userId, body.seconds);
        set.status = 204;
      },
      {
        params: PersonParams,
        body: BanBody,
        response: done,
        detail: {
          summary: "Let somebody not write for a while, or ever again; takes away what they said lately",
          operationId: "banFromChat",
        },
      },
    )
    .delete(
      "/:id/chat/bans/:userId",
      async ({ actor, params, set }) => {
        await order.unban(actor, params.id, params.userId);
        set.status = 204;
      },
      {
        params: PersonParams,
        response: done,
        detail: { summary: "Let somebody write again", operationId: "unbanFromChat" },
      },
    )
    .get("/:id/chat/moderators", ({ actor, params }) => order.moderators(actor, params.id), {
      params: ChatParams,
      response: { 200: ModeratorsSchema, ...managed },
      detail: { summary: "Who keeps order in a chat beside the owner", operationId: "listChatModerators" },
    })
    .put(
      "/:id/chat/moderators/:userId",
      async ({ actor, params, set }) => {
        await order.name(actor, params.id, params.userId);
        set.status = 204;
      },
      {
        params: PersonParams,
        response: { 409: ProblemSchema, ...done },
        detail: { summary: "Make somebody a moderator of a chat; ends a ban", operationId: "addChatModerator" },
      },
    )
    .delete(
      "/:id/chat/moderators/:userId",
      async ({ actor, params, set }) => {
        await order.dismiss(actor, params.id, params.userId);
        set.status = 204;
      },
      {
        params: PersonParams,
        response: done,
        detail: { summary: "Let somebody be a moderator no longer", operationId: "removeChatModerator" },
      },
    );
  return new Elysia({ name: "chat" }).use(writes).use(reads);
}

import { Elysia, t } from "elysia";
import { signedIn, visitor } from "../auth/guard.ts";
import { keepToReader, publicReads } from "../caching.ts";
import { ChannelPage } from "../channels/model.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import {
  ConfirmBody,
  UpdateUserBody,
  UserChannelsQuery,
  UserListQuery,
  UserPage,
  UserParams,
  UserSchema,
} from "./model.ts";
import { userService } from "./service.ts";

const missing = { 404: ProblemSchema, 422: ProblemSchema };
const managed = { 401: ProblemSchema, 403: ProblemSchema, ...missing };
const confirmed = { 204: t.Void(), 409: ProblemSchema, 429: ProblemSchema, 503: ProblemSchema, ...managed };

export function userRoutes(services: Services) {
  const users = userService(services);
  const reads = new Elysia({ name: "users-read", prefix: "/api/users", tags: ["Users"] })
    .use(visitor(services))
    .use(publicReads(2))
    .onBeforeHandle(keepToReader)
    .get("/:id", ({ actor, params }) => users.get(actor, params.id), {
      params: UserParams,
      response: { 200: UserSchema, ...missing },
      detail: { summary: "One account; its address for itself and administrators", operationId: "getUser" },
    })
    .get("/:id/channels", ({ actor, params, query }) => users.channels(actor, params.id, query), {
      params: UserParams,
      query: UserChannelsQuery,
      response: { 200: ChannelPage, ...missing },
      detail: { summary: "Channels of an account, the newest first", operationId: "listUserChannels" },
    });
  const writes = new Elysia({ name: "users-write", prefix: "/api/users", tags: ["Users"] })
    .use(signedIn(services))
    .get("/", ({ actor, query }) => users.list(actor, query), {
      query: UserListQuery,
      response: { 200: UserPage, 401: ProblemSchema, 403: ProblemSchema, 422: ProblemSchema },
      detail: { summary: "All accounts, the newest first (administrators)", operationId: "listUsers" },
    })
    .put("/:id", ({ actor, params, body }) => users.update(actor, params.id, body), {
      params: UserParams,
      body: UpdateUserBody,
      response: { 200: UserSchema, 409: ProblemSchema, ...managed },
      detail: {
        summary: "Change what is given, leave the rest; role and isActive are for administrators",
        operationId: "updateUser",
      },
    })
    .post(
      "/:id/deactivate",
      async ({ actor, params, body, set }) => {
        await users.deactivate(actor, params.id, body?.password);
        set.status = 204;
      },
      {
        params: UserParams,
        body: ConfirmBody,
        response: confirmed,
        detail: {
          summary: "Put an account to rest: no signing in, no publishing, nothing shown",
          operationId: "deactivateUser",
        },
      },
    )
    .delete(
      "/:id",
      async ({ actor, params, body, set }) => {
        await users.remove(actor, params.id, body?.password);
        set.status = 204;
      },
      {
        params: UserParams,
        body: ConfirmBody,
        response: confirmed,
        detail: { summary: "Delete an account with its channels and all that is theirs", operationId: "deleteUser" },
      },
    );
  return new Elysia({ name: "users" }).use(writes).use(reads);
}

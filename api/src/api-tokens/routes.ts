import { Elysia, t } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { ApiTokenBody, ApiTokenListSchema, ApiTokenParams, NewApiTokenSchema } from "./model.ts";
import { apiTokenService } from "./service.ts";

const refused = { 401: ProblemSchema, 403: ProblemSchema, 422: ProblemSchema };

export function apiTokenRoutes(services: Services) {
  const tokens = apiTokenService(services);
  return new Elysia({ name: "api-tokens", prefix: "/api/auth/tokens", tags: ["Accounts"] })
    .use(signedIn(services))
    .get("/", ({ actor }) => tokens.list(actor), {
      response: { 200: ApiTokenListSchema, 401: ProblemSchema, 403: ProblemSchema },
      detail: { summary: "Your tokens for programs, the newest first", operationId: "listApiTokens" },
    })
    .post(
      "/",
      async ({ actor, body, set }) => {
        const made = await tokens.create(actor, body);
        set.status = 201;
        set.headers.location = `/api/auth/tokens/${made.id}`;
        return made;
      },
      {
        // No Idempotency-Key: its kept answer would be the token itself, in plain text.
        body: ApiTokenBody,
        response: { 201: NewApiTokenSchema, 409: ProblemSchema, ...refused },
        detail: { summary: "A token for a program, shown this once", operationId: "createApiToken" },
      },
    )
    .delete(
      "/:id",
      async ({ actor, params, set }) => {
        await tokens.revoke(actor, params.id);
        set.status = 204;
      },
      {
        params: ApiTokenParams,
        response: { 204: t.Void(), 404: ProblemSchema, ...refused },
        detail: { summary: "Revoke a token; it is refused from now on", operationId: "revokeApiToken" },
      },
    );
}

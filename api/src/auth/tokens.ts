/** Access tokens: JWT (RFC 7519), HS256, short-lived; they name a session, and the session decides. */
import { jwt } from "@elysiajs/jwt";
import { t } from "elysia";

export const ACCESS_SECONDS = 15 * 60;
export const ACCESS_COOKIE = "streamhub_access";
export const REFRESH_COOKIE = "streamhub_refresh";
export const CSRF_COOKIE = "streamhub_csrf";
export const CSRF_HEADER = "x-csrf-token";

/** Adds `accessTokens.sign` and `.verify` to the context; `verify` gives false for whatever is not a token of ours. */
export const accessTokens = (secret: string) =>
  jwt({
    name: "accessTokens",
    secret,
    alg: "HS256",
    iss: "streamhub",
    exp: `${ACCESS_SECONDS}s`,
    schema: t.Object({ sub: t.String(), sid: t.Integer() }),
  });

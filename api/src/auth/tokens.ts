/** Access tokens: JWT (RFC 7519), HS256, short-lived; they name a session, and the session decides. Refresh tokens: random, used once. */
import { createHash, randomBytes } from "node:crypto";
import { jwt } from "@elysiajs/jwt";
import { t } from "elysia";

export const ACCESS_SECONDS = 15 * 60;
/** From the last use on. */
export const REFRESH_SECONDS = 30 * 24 * 3600;
export const ACCESS_COOKIE = "streamhub_access";
export const REFRESH_COOKIE = "streamhub_refresh";
export const CSRF_COOKIE = "streamhub_csrf";
export const CSRF_HEADER = "x-csrf-token";
/** The only place where a browser sends the refresh token. */
export const REFRESH_PATH = "/api/auth";

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

interface Verifier {
  verify(
    token: string,
    options: { algorithms: string[]; issuer: string; requiredClaims: string[] },
  ): Promise<false | { sub: string; sid: number }>;
}

/** The one way to read an access token: what is signed with our secret for another purpose, or in another way, is none. */
export const verifyAccess = (tokens: Verifier, token: string) =>
  tokens.verify(token, { algorithms: ["HS256"], issuer: "streamhub", requiredClaims: ["exp"] });

/** 256 random bits. */
export const makeRefreshToken = (): string => randomBytes(32).toString("base64url");

/** How long the link of a letter is good. Seconds. */
export const RESET_SECONDS = 3_600;

export const makeResetToken = makeRefreshToken;

/** How a refresh token lies in the database. A fast hash will do: there is nothing to guess in 256 random bits. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("base64url");

/**
 * Who a request comes from. A feature mounts `visitor` (anyone; `actor` may be null) or `signedIn` (401 without a session) before its routes;
 * what an actor may do with an object is decided in the feature's service, with `policy.ts`.
 */
import { queries } from "@streamhub/db";
import { Elysia } from "elysia";
import { makeRecorder } from "../audit/recorder.ts";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { csrfToken, requireCsrfToken, requireOwnOrigin } from "./csrf.ts";
import { covers, scopeNeeded } from "./scopes.ts";
import { ACCESS_COOKIE, accessTokens, CSRF_HEADER, hashToken, verifyAccess } from "./tokens.ts";

/** Who a request comes from: somebody who signed in, or a program with an API token of theirs. */
export type Actor = Pick<queries.SessionActor, "userId" | "username" | "role"> &
  ({ readonly sessionId: number } | { readonly sessionId: null; readonly tokenId: number });

/** Tells an API token from a JWT, and a leaked one from other texts (secret scanners look for prefixes). */
export const API_TOKEN_PREFIX = "shp_";

/** A token that may do less than administer has none of its owner's powers over others. */
export const actorOfToken = ({ userId, username, role, tokenId, scope }: queries.TokenActor): Actor => ({
  userId,
  username,
  role: scope === "admin" ? role : "user",
  sessionId: null,
  tokenId,
});

/** One name for each way to come in: what is good now is looked up by it. */
export const credentialOf = (actor: Actor): string =>
  actor.sessionId === null ? `token:${actor.tokenId}` : `session:${actor.sessionId}`;

/** Throws `auth.scope` for a program. */
export function sessionOf({ sessionId }: Actor): number {
  if (sessionId === null) throw new AppError("auth.scope", "This needs a person who signs in.");
  return sessionId;
}

type Tokens = Parameters<typeof verifyAccess>[0];

const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
const SOCKET_BEARER = /(?:^|,) *bearer\.([\w.~+-]+) *(?:,|$)/;

/** The header, or what stands for it when a page opens a WebSocket: a browser lets it name subprotocols, and nothing else. */
export function authorizationOf({ headers }: Request): string | null {
  const given = headers.get("authorization");
  if (given !== null) return given;
  const token = SOCKET_BEARER.exec(headers.get("sec-websocket-protocol") ?? "")?.[1];
  return token === undefined ? null : `Bearer ${token}`;
}

async function identifyProgram({ db }: Services, request: Request, token: string): Promise<Actor> {
  const found = token.length > 100 ? null : await queries.findTokenActor(db, hashToken(token));
  if (found === null) throw new AppError("auth.invalid", "The API token is unknown, was revoked or has run out.");
  const needed = scopeNeeded(request.method, new URL(request.url).pathname);
  if (!covers(found.scope, needed))
    throw new AppError(
      "auth.scope",
      needed === null ? "No API token may do this: sign in." : `This needs a token with the scope ${needed}.`,
    );
  // When it was used is a help, not a condition.
  await queries.touchApiToken(db, found.tokenId).catch(() => {});
  return actorOfToken(found);
}

/** Null: no credentials. Throws `auth.invalid` for credentials that are not good (any more), `auth.csrf` for a forged write. */
async function identify(
  services: Services,
  tokens: Tokens,
  request: Request,
  cookie: string | undefined,
): Promise<Actor | null> {
  const header = authorizationOf(request);
  const bearer = header === null ? undefined : BEARER.exec(header)?.[1];
  if (header !== null && bearer === undefined)
    throw new AppError("auth.invalid", "Send the access token as: Authorization: Bearer TOKEN.");
  if (bearer?.startsWith(API_TOKEN_PREFIX)) return identifyProgram(services, request, bearer);
  const token = bearer ?? cookie;
  if (token === undefined || token === "") return null;
  const claims = token.length > 2_000 ? false : await verifyAccess(tokens, token);
  const actor = claims === false ? null : await queries.findActor(services.db, claims.sid);
  if (actor === null || claims === false || String(actor.userId) !== claims.sub) throw new AppError("auth.invalid");
  if (bearer === undefined) {
    requireOwnOrigin(request, services);
    requireCsrfToken(request, request.headers.get(CSRF_HEADER), csrfToken(services.secret, actor.sessionId));
  }
  return actor;
}

const COOKIE = new RegExp(`(?:^|; *)${ACCESS_COOKIE}=([^;]*)`);

/** Looked for by ourselves: most requests bring none, and Elysia makes a jar for each that might. */
const accessCookieOf = ({ headers }: Request): string | undefined => COOKIE.exec(headers.get("cookie") ?? "")?.[1];

/** Anyone; a cookie that has run out counts as none, so that a page can still be read. */
export function visitor(services: Services) {
  return new Elysia({ name: "visitor" })
    .use(accessTokens(services.secret))
    .derive({ as: "scoped" }, async ({ request, accessTokens }): Promise<{ actor: Actor | null }> => {
      try {
        return { actor: await identify(services, accessTokens, request, accessCookieOf(request)) };
      } catch (error) {
        const stale = error instanceof AppError && error.code === "auth.invalid";
        if (stale && authorizationOf(request) === null) return { actor: null };
        throw error;
      }
    });
}

/** Throws `auth.required` without credentials. What is changed by whom is written down. */
export function signedIn(services: Services) {
  const record = makeRecorder(services);
  return new Elysia({ name: "signed-in" })
    .use(accessTokens(services.secret))
    .derive({ as: "scoped" }, async ({ request, accessTokens, set }): Promise<{ actor: Actor }> => {
      set.headers["cache-control"] = "no-store";
      const actor = await identify(services, accessTokens, request, accessCookieOf(request));
      if (actor === null) throw new AppError("auth.required");
      return { actor };
    })
    .onAfterHandle({ as: "scoped" }, ({ actor, request, route, body }) => record({ actor, request, route, body }));
}

import { Elysia, t } from "elysia";
import { AppError, type ProblemCode, ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { accountService } from "./account.ts";
import { isSecure, setCookies } from "./cookies.ts";
import { csrfToken, refuseForeignOrigin, requireCsrfToken, requireOwnOrigin } from "./csrf.ts";
import { forgottenService } from "./forgotten.ts";
import { signedIn } from "./guard.ts";
import {
  AccountSchema,
  EmailBody,
  ForgottenBody,
  LoginBody,
  MeSchema,
  PasswordBody,
  RefreshBody,
  RegisterBody,
  ResetBody,
  SessionListSchema,
  SessionParams,
  TokensSchema,
} from "./model.ts";
import { authService, type Caller, type SignedIn } from "./service.ts";
import { ACCESS_COOKIE, ACCESS_SECONDS, accessTokens, CSRF_HEADER, REFRESH_COOKIE, verifyAccess } from "./tokens.ts";

type Jar = Record<string, { readonly value?: unknown }>;
interface Reply {
  headers: Record<string, string | number | string[] | undefined>;
}

const cookieOf = (cookie: Jar, name: string): string | null => {
  const value = cookie[name]?.value;
  return typeof value === "string" && value !== "" && value.length <= 2_000 ? value : null;
};

/** With these the browser's cookies are worth nothing any more. */
const OVER: ReadonlySet<ProblemCode> = new Set<ProblemCode>(["auth.reused", "auth.invalid"]);

const refused = { 401: ProblemSchema, 403: ProblemSchema, 422: ProblemSchema, 429: ProblemSchema };

export function authRoutes(services: Services) {
  const auth = authService(services);
  const account = accountService(services);
  const forgotten = forgottenService(services);

  const callerOf = (request: Request, cookie: Jar): Caller => ({
    address: services.addressOf(request),
    userAgent: request.headers.get("user-agent") ?? "",
    acceptLanguage: request.headers.get("accept-language"),
    refreshCookie: cookieOf(cookie, REFRESH_COOKIE),
  });

  const forget = (set: Reply, request: Request) => {
    set.headers["set-cookie"] = setCookies(null, isSecure(request, services));
  };

  /** Of a browser: that one of our own pages asks, and for the session that it has. */
  const requireOwnPage = (request: Request, sessionId: number) => {
    requireOwnOrigin(request, services);
    requireCsrfToken(request, request.headers.get(CSRF_HEADER), csrfToken(services.secret, sessionId));
  };

  const open = new Elysia({ name: "auth-open", prefix: "/api/auth", tags: ["Accounts"] })
    .use(accessTokens(services.secret))
    .onBeforeHandle(({ request, set }) => {
      set.headers["cache-control"] = "no-store";
      refuseForeignOrigin(request, services);
    })
    .derive(({ accessTokens, request, set }) => ({
      /** Tokens as cookies for browsers and in the body for programs; `toPages`: a page's script need not see the refresh token. */
      async issue({ user, sessionId, refreshToken }: SignedIn, toPages = false) {
        const accessToken = await accessTokens.sign({ sub: String(user.id), sid: sessionId });
        const cookies = { accessToken, refreshToken, csrfToken: csrfToken(services.secret, sessionId) };
        set.headers["set-cookie"] = setCookies(cookies, isSecure(request, services));
        return {
          accessToken,
          tokenType: "Bearer" as const,
          expiresIn: ACCESS_SECONDS,
          refreshToken: toPages ? null : refreshToken,
          user,
        };
      },
    }))
    .post(
      "/register",
      async ({ body, cookie, request, set, issue }) => {
        const opened = await auth.register(body, callerOf(request, cookie));
        set.status = 201;
        set.headers.location = `/api/users/${opened.user.id}`;
        return issue(opened);
      },
      {
        body: RegisterBody,
        response: { 201: TokensSchema, 409: ProblemSchema, ...refused },
        detail: { summary: "Make an account, agree to the terms, and sign in", operationId: "register" },
      },
    )
    .post(
      "/login",
      async ({ body, cookie, request, issue }) =>
        issue(await auth.login(body.login, body.password, callerOf(request, cookie))),
      {
        body: LoginBody,
        response: { 200: TokensSchema, ...refused },
        detail: { summary: "Sign in with username or e-mail address", operationId: "login" },
      },
    )
    .post(
      "/refresh",
      async ({ body, cookie, request, set, issue }) => {
        const caller = callerOf(request, cookie);
        const given = body?.refreshToken;
        if (given !== undefined) return issue(await auth.refresh(given, "body", caller));
        if (caller.refreshCookie === null) throw new AppError("auth.required");
        try {
          requireOwnOrigin(request, services);
          const session = await auth.sessionOf(caller.refreshCookie);
          if (session !== null) requireOwnPage(request, session.sessionId);
          return await issue(await auth.refresh(caller.refreshCookie, "cookie", caller), true);
        } catch (error) {
          if (error instanceof AppError && OVER.has(error.code)) forget(set, request);
          throw error;
        }
      },
      {
        body: RefreshBody,
        response: { 200: TokensSchema, 409: ProblemSchema, ...refused },
        detail: {
          summary: "New tokens for a refresh token, from the body or the cookie; each is good once",
          operationId: "refresh",
        },
      },
    )
    .post(
      "/password/forgotten",
      async ({ body, request, set }) => {
        await forgotten.ask(body.login, body.locale ?? "en", services.addressOf(request));
        set.status = 202;
      },
      {
        body: ForgottenBody,
        response: { 202: t.Void(), 409: ProblemSchema, ...refused },
        detail: {
          summary: "A letter with a link that sets another password; the answer is the same for every name",
          operationId: "forgotPassword",
        },
      },
    )
    .post(
      "/password/reset",
      async ({ body, request, set }) => {
        await forgotten.reset(body.token, body.password, body.locale ?? "en", services.addressOf(request));
        set.status = 204;
      },
      {
        body: ResetBody,
        response: { 204: t.Void(), ...refused },
        detail: {
          summary: "Another password by the link of a letter; signs out everywhere",
          operationId: "resetPassword",
        },
      },
    )
    .post(
      "/logout",
      async ({ body, cookie, request, set, accessTokens }) => {
        set.status = 204;
        const session = await sessionToEnd(request, cookie, body?.refreshToken, (token) =>
          verifyAccess(accessTokens, token),
        );
        if (session !== null) await auth.logout(session);
        if (request.headers.has("cookie")) forget(set, request);
      },
      {
        body: RefreshBody,
        response: { 204: t.Void(), ...refused },
        detail: {
          summary: "End this session; who has none is signed out already",
          operationId: "logout",
        },
      },
    );

  /** By whatever names it: access token, or refresh token when that has run out. */
  async function sessionToEnd(
    request: Request,
    cookie: Jar,
    refreshToken: string | undefined,
    verify: (token: string) => Promise<false | { sub: string; sid: number }>,
  ) {
    const named = async (token: string | null) => {
      const claims = token === null ? false : await verify(token);
      return claims === false ? null : { userId: Number(claims.sub), sessionId: claims.sid };
    };
    const bearer = request.headers.get("authorization");
    if (bearer !== null) {
      const session = await named(bearer.replace(/^Bearer +/i, ""));
      if (session === null) throw new AppError("auth.invalid");
      return session;
    }
    if (refreshToken !== undefined) return auth.sessionOf(refreshToken);
    const own = cookieOf(cookie, REFRESH_COOKIE);
    const session = (own === null ? null : await auth.sessionOf(own)) ?? (await named(cookieOf(cookie, ACCESS_COOKIE)));
    if (session !== null) requireOwnPage(request, session.sessionId);
    return session;
  }

  const own = new Elysia({ name: "auth-own", prefix: "/api/auth", tags: ["Accounts"] })
    .use(signedIn(services))
    .get("/me", ({ actor, request }) => account.me(actor, request.headers.get("accept-language")), {
      response: { 200: MeSchema, 401: ProblemSchema },
      detail: { summary: "Who you are, what you may do, and what you have yet to agree to", operationId: "me" },
    })
    .get("/sessions", ({ actor }) => account.sessions(actor), {
      response: { 200: SessionListSchema, 401: ProblemSchema },
      detail: { summary: "Where you are signed in, the last used first", operationId: "listSessions" },
    })
    .delete(
      "/sessions/:id",
      async ({ actor, params, request, set }) => {
        await account.endSession(actor, params.id);
        if (params.id === actor.sessionId) forget(set, request);
        set.status = 204;
      },
      {
        params: SessionParams,
        response: { 204: t.Void(), 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema, 422: ProblemSchema },
        detail: { summary: "Sign out somewhere else", operationId: "endSession" },
      },
    )
    .post(
      "/logout-all",
      async ({ actor, request, set }) => {
        await account.logoutEverywhere(actor);
        forget(set, request);
        set.status = 204;
      },
      {
        response: { 204: t.Void(), 401: ProblemSchema, 403: ProblemSchema },
        detail: { summary: "Sign out everywhere, here too", operationId: "logoutEverywhere" },
      },
    )
    .put(
      "/password",
      async ({ actor, body, set }) => {
        await account.changePassword(actor, body.currentPassword, body.newPassword);
        set.status = 204;
      },
      {
        body: PasswordBody,
        response: { 204: t.Void(), ...refused },
        detail: { summary: "Another password; signs out everywhere else", operationId: "changePassword" },
      },
    )
    .put("/email", ({ actor, body }) => account.changeEmail(actor, body.email, body.password), {
      body: EmailBody,
      response: { 200: AccountSchema, 409: ProblemSchema, ...refused },
      detail: { summary: "Another e-mail address", operationId: "changeEmail" },
    });
  return new Elysia({ name: "auth" }).use(open).use(own);
}

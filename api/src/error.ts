/** The one place where a failure becomes an HTTP answer: RFC 9457 problem+json with a stable `code` and the request's id. */
import { DatabaseError } from "@streamhub/db";
import { Elysia, t, ValidationError } from "elysia";
import { originalOf } from "./edge/edge.ts";
import { SECURITY } from "./edge/security.ts";
import { wishOf } from "./text.ts";
import { traceIdOf } from "./tracing.ts";

/** Stable codes: clients and `docs/errors.md` rely on them. `title` is what all occurrences have in common. */
export const PROBLEMS = {
  "request.invalid": { status: 422, title: "The request does not have the expected form" },
  "request.unreadable": { status: 400, title: "The request body can't be read" },
  "auth.required": { status: 401, title: "Sign in first" },
  "auth.invalid": { status: 401, title: "The access token is not valid, or no longer" },
  "auth.credentials": { status: 401, title: "There is no account with this name and password" },
  "auth.reused": { status: 401, title: "The refresh token was used before: its session is over" },
  "auth.raced": { status: 409, title: "The refresh token was used a moment ago" },
  "session.not-found": { status: 404, title: "You have no such session" },
  "token.not-found": { status: 404, title: "You have no such token" },
  "token.limit": { status: 409, title: "The account has as many tokens as it may have" },
  "webhook.not-found": { status: 404, title: "You have no such webhook" },
  "webhook.delivery-not-found": { status: 404, title: "The webhook has no such message" },
  "webhook.inactive": { status: 409, title: "The webhook is not active" },
  "webhook.limit": { status: 409, title: "The account has as many webhooks as it may have" },
  "restream.not-found": { status: 404, title: "The channel has no such restream" },
  "restream.limit": { status: 409, title: "The channel has as many restreams as it may have" },
  "auth.scope": { status: 403, title: "The API token is not made for this" },
  "auth.forbidden": { status: 403, title: "This is not yours" },
  "auth.csrf": { status: 403, title: "The request does not prove that it comes from this site" },
  "limit.exceeded": { status: 429, title: "Too many requests" },
  "request.too-large": { status: 413, title: "The request body is larger than this address takes" },
  "request.slow": { status: 408, title: "The request body did not arrive in time" },
  "request.media-type": { status: 415, title: "This address does not read bodies of this type" },
  "route.method": { status: 405, title: "This address does not answer this method" },
  "auth.password": { status: 403, title: "This is not the password of the account" },
  "user.not-found": { status: 404, title: "There is no such account" },
  "user.name-taken": { status: 409, title: "The username is taken, or looks like one that is" },
  "user.email-taken": { status: 409, title: "The e-mail address belongs to an account" },
  "user.inactive": { status: 403, title: "The account is not active" },
  "mail.off": { status: 409, title: "This site sends no e-mail" },
  "auth.reset-token": { status: 403, title: "The link is not good any more" },
  "user.last-admin": { status: 409, title: "This is the last administrator" },
  "picture.invalid": { status: 422, title: "This is no picture that can be shown" },
  "picture.busy": { status: 503, title: "Too many pictures are being worked on" },
  "picture.not-found": { status: 404, title: "There is no such picture" },
  "document.not-found": { status: 404, title: "There is no such document" },
  "document.conflict": { status: 409, title: "The document has changed meanwhile" },
  "route.not-found": { status: 404, title: "There is no such address" },
  "stream.not-found": { status: 404, title: "There is no such stream" },
  "channel.not-found": { status: 404, title: "There is no such channel" },
  "channel.slug-taken": { status: 409, title: "Another channel has this name" },
  "channel.limit": { status: 409, title: "The account has as many channels as it may have" },
  "channel.live": { status: 409, title: "The channel is live" },
  "channel.key-unreadable": { status: 409, title: "The stream key was sealed with another secret" },
  "follow.limit": { status: 409, title: "The account follows as many channels as it may" },
  "chat.off": { status: 409, title: "The channel has no chat now" },
  "chat.banned": { status: 403, title: "You may not write in this chat" },
  "chat.followers-only": { status: 403, title: "Only those who follow the channel write in this chat" },
  "chat.blocked-words": { status: 422, title: "The message has a word that this chat does not take" },
  "chat.slow-mode": { status: 429, title: "Messages of one person have a pause between them in this chat" },
  "chat.message-not-found": { status: 404, title: "There is no such message" },
  "chat.limit": { status: 409, title: "The chat has as many moderators as it may have" },
  "stream.state": { status: 409, title: "The stream is in a state that does not allow this" },
  "view.not-found": { status: 404, title: "There is no such viewing session" },
  "view.ended": { status: 409, title: "The viewing session is over" },
  "stream.limit": { status: 409, title: "The channel has as many planned streams as it may have" },
  "idempotency.mismatch": { status: 422, title: "The Idempotency-Key was used for another request" },
  "idempotency.in-progress": { status: 409, title: "The first request with this Idempotency-Key is not done yet" },
  "cursor.invalid": { status: 422, title: "The cursor was not made by this list" },
  "server.unavailable": { status: 503, title: "A part that this request needs is away" },
  "server.error": { status: 500, title: "The server made a mistake" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export const FieldErrorSchema = t.Object({
  /** JSON pointer into the body, or the name of the query or path parameter. */
  field: t.String(),
  in: t.Union([t.Literal("body"), t.Literal("query"), t.Literal("path"), t.Literal("header"), t.Literal("cookie")]),
  message: t.String(),
});

export type FieldError = typeof FieldErrorSchema.static;

/** The body of every answer that is not a success. */
export const ProblemSchema = t.Object({
  type: t.String(),
  title: t.String(),
  status: t.Integer(),
  detail: t.Optional(t.String()),
  code: t.String(),
  requestId: t.String(),
  errors: t.Optional(t.Array(FieldErrorSchema)),
});

export type Problem = typeof ProblemSchema.static;

/** A refusal that the caller can act on. Anything else that is thrown is our mistake and shows as `server.error`. */
export class AppError extends Error {
  override readonly name = "AppError";
  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    readonly errors?: readonly FieldError[],
    /** Seconds after which the same request may succeed: becomes Retry-After. */
    readonly retryAfter?: number,
    /** More for the answer's head. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? PROBLEMS[code].title);
  }
}

/** Told of every failure that is ours, for the log. The cause may carry internals, so it never reaches the client. */
export type FailureSink = (failure: {
  readonly requestId: string;
  /** Null: it is not traced. */
  readonly traceId: string | null;
  readonly code: ProblemCode;
  readonly cause: unknown;
}) => void;

const PLACES = { body: "body", query: "query", params: "path", headers: "header", cookie: "cookie" } as const;

/** A name inside an error object: our own ids pass through a proxy unchanged, anything that could forge a log line does not. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && /^[\w.:-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}

interface Issue {
  readonly path?: unknown;
  readonly message?: unknown;
  readonly schema?: Rule & { readonly anyOf?: readonly (Rule & { readonly type?: string })[] };
}

interface Rule {
  readonly format?: string;
}

/** Numbers and booleans arrive as text, so their schema is a union of both forms; the reader only knows the one that is meant. */
function sentence({ schema, message }: Issue): string {
  const meant = schema?.anyOf?.find((option) => option.type !== "string")?.type;
  if (meant !== undefined && meant !== "null") return `Expected ${meant === "integer" ? "an integer" : `a ${meant}`}`;
  const wanted =
    schema === undefined
      ? undefined
      : [schema, ...(schema.anyOf ?? [])].map(({ format }) => wishOf(format)).find(Boolean);
  if (wanted !== undefined) return wanted;
  return typeof message === "string" ? message : "Unexpected value";
}

function fieldErrors(error: ValidationError): FieldError[] {
  const place = PLACES[error.type as keyof typeof PLACES];
  const found = error.all.map((given) => {
    const issue = given as Issue;
    const path = typeof issue.path === "string" ? issue.path : "";
    return { field: place === "body" ? path : path.replace(/^\//, ""), in: place, message: sentence(issue) };
  });
  // A text that is too short is not of its format either.
  const isSame = (a: FieldError, b: FieldError) => a.field === b.field && a.message === b.message;
  return found.filter((issue, index) => found.findIndex((other) => isSame(issue, other)) === index);
}

/**
 * A number in an address that is out of its range: Elysia finds that out while it reads the text, and no longer knows of which field. The value tells.
 */
function outOfRange(error: ValidationError, request: Request): FieldError[] {
  return error.all.map((given) => {
    const issue = given as Issue & { readonly value?: unknown };
    const query = [...new URL(request.url).searchParams].find(([, text]) => Number(text) === issue.value);
    return { field: query?.[0] ?? "", in: query === undefined ? "path" : "query", message: sentence(issue) };
  });
}

/** Turns whatever was thrown into an AppError; `ours` marks what belongs in the log. */
function classify(code: string | number, error: unknown, request: Request): { refusal: AppError; ours: boolean } {
  if (error instanceof AppError) return { refusal: error, ours: error.code.startsWith("server.") };
  if (error instanceof DatabaseError) {
    if (error.code === "database.bad-cursor")
      return { refusal: new AppError("cursor.invalid", error.message), ours: false };
    if (error.code === "database.document-changed")
      return { refusal: new AppError("document.conflict", error.message), ours: false };
    return {
      refusal: new AppError(error.code === "database.unavailable" ? "server.unavailable" : "server.error"),
      ours: true,
    };
  }
  // A response that breaks its own schema is also a ValidationError, but it is the server's mistake, not the caller's.
  if (error instanceof ValidationError && error.type in PLACES) {
    return { refusal: new AppError("request.invalid", undefined, fieldErrors(error)), ours: false };
  }
  if (error instanceof ValidationError && error.type === "property")
    return { refusal: new AppError("request.invalid", undefined, outOfRange(error, request)), ours: false };
  if (code === "NOT_FOUND") return { refusal: new AppError("route.not-found"), ours: false };
  // What a parser throws comes wrapped.
  if (code === "PARSE" && error instanceof Error && error.cause instanceof AppError)
    return { refusal: error.cause, ours: false };
  if (code === "PARSE") return { refusal: new AppError("request.unreadable"), ours: false };
  return { refusal: new AppError("server.error"), ours: true };
}

/** Builds the problem+json answer of a refusal. */
export function problemResponse(refusal: AppError, requestId: string): Response {
  const { status, title } = PROBLEMS[refusal.code];
  const problem: Problem = {
    type: `urn:streamhub:problem:${refusal.code}`,
    title,
    status,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    code: refusal.code,
    requestId,
    ...(refusal.errors === undefined ? {} : { errors: [...refusal.errors] }),
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...(refusal.retryAfter === undefined
        ? {}
        : { "retry-after": String(Math.max(1, Math.ceil(refusal.retryAfter))) }),
      ...(status === 503 && refusal.retryAfter === undefined ? { "retry-after": "2" } : {}),
      ...refusal.headers,
      // RFC 9110 §15.5.2: a 401 names the scheme.
      ...(status === 401 ? { "www-authenticate": 'Bearer realm="streamhub"' } : {}),
    },
  });
}

/**
 * The plugin that `createApp` mounts first: gives every request an id and maps every failure. `methodsOf`: which methods a path answers, none
 * when there is no such address.
 */
export function problems(onFailure: FailureSink, methodsOf: (path: string) => readonly string[]) {
  return new Elysia({ name: "problems" })
    .derive({ as: "global" }, ({ request, set }) => {
      const requestId = requestIdOf(request);
      Object.assign(set.headers, SECURITY);
      set.headers["x-request-id"] = requestId;
      return { requestId };
    })
    .onError({ as: "global" }, ({ code, error, request, requestId = requestIdOf(request) }) => {
      const { refusal, ours } = classify(code, error, request);
      const allowed = refusal.code === "route.not-found" ? methodsOf(new URL(request.url).pathname) : [];
      if (allowed.length > 0) {
        const response = problemResponse(new AppError("route.method"), requestId);
        response.headers.set("allow", allowed.join(", "));
        return response;
      }
      if (ours) onFailure({ requestId, traceId: traceIdOf(originalOf(request)), code: refusal.code, cause: error });
      return problemResponse(refusal, requestId);
    });
}

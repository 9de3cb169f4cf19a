/**
 * What every answer has in common, whichever route or failure made it: security headers, CORS, compression, OPTIONS, and the shared cache
 * in front. It stands around the routes as a function around a function, so that nothing passes it by.
 */
import { type Answers, hasCredentials } from "./answers.ts";
import type { Cors } from "./cors.ts";
import { type Coding, chooseCoding, codedTag, encode, MIN_BYTES } from "./encodings.ts";
import type { Methods } from "./methods.ts";
import { SECURITY } from "./security.ts";

export type Handler = (request: Request) => Response | Promise<Response>;

export interface EdgeOptions {
  readonly cors: Cors;
  readonly methods: Methods;
  /** Null: every request is asked of the routes. */
  readonly answers: Answers | null;
  readonly requestIdOf: (request: Request) => string;
  /** The site is reached by https alone: browsers are told so. */
  readonly https: boolean;
}

const COMPRESSIBLE = /^(application\/((problem\+|openapi\+)?json|atom\+xml)|text\/(html|css|csv|markdown))\b/;
/** Answers that hold a secret beside words of the client's are not compressed: their length would tell about both (BREACH). */
const SECRET = /^\/api\/(auth\/|channels\/[^/]+\/(regenerate-)?stream-key)/;
/** Goes on for as long as the client listens. */
const ENDLESS = /^text\/event-stream\b/;
const CHANGES = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Signs of life and tokens come thousandfold, and change nothing that a public answer shows. */
const SHOWS_NOTHING = /\/views(\/|$)|\/playback-token$|^\/api\/auth\//;

const pathOf = ({ url }: Request): string => {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
};

/** A 304 names the form that the client has. */
function nameCoded(request: Request, headers: Headers, coding: Coding): void {
  const tag = codedTag(headers.get("etag") ?? "", coding);
  if (request.headers.get("if-none-match")?.includes(tag)) headers.set("etag", tag);
}

function vary(headers: Headers): void {
  if (!/\baccept-encoding\b/i.test(headers.get("vary") ?? "")) headers.append("vary", "Accept-Encoding");
}

/** Requests that stand for another one, which whoever knows something of that one must be asked about. */
const originals = new WeakMap<Request, Request>();
export const originalOf = (request: Request): Request => originals.get(request) ?? request;

/** HEAD is answered as GET is, without the body (RFC 9110 §9.3.2). */
function asGet(request: Request): Request {
  const get = new Request(request.url, { headers: request.headers, signal: request.signal });
  originals.set(get, request);
  return get;
}

async function withoutBody(response: Response): Promise<Response> {
  const { headers, status, body } = response;
  if (ENDLESS.test(headers.get("content-type") ?? "")) await body?.cancel();
  else if (body !== null) headers.set("content-length", String((await response.arrayBuffer()).byteLength));
  return new Response(null, { status, headers });
}

export function makeEdge(options: EdgeOptions): (inner: Handler) => Handler {
  const { cors, methods, answers, requestIdOf, https } = options;

  function protect(headers: Headers): void {
    // Routes have them from the start (error.ts): this is for answers that passed them by.
    if (!headers.has("content-security-policy") || !headers.has("x-content-type-options"))
      for (const [name, value] of Object.entries(SECURITY)) if (!headers.has(name)) headers.set(name, value);
    if (https) headers.set("strict-transport-security", "max-age=31536000");
  }

  function preflight(request: Request): Response | null {
    const allowed = methods.of(pathOf(request));
    if (allowed.length === 0) return null;
    const headers = cors.preflight(request, allowed);
    headers.set("x-request-id", requestIdOf(request));
    protect(headers);
    return new Response(null, { status: 204, headers });
  }

  /** Of a kept answer: what differs from request to request. */
  function hit(request: Request, response: Response): Response {
    cors.mark(request, response.headers);
    return response;
  }

  function finish(request: Request, response: Response, coding: Coding | null, began: number) {
    const { headers, status } = response;
    protect(headers);
    const type = headers.get("content-type") ?? "";
    const plain = COMPRESSIBLE.test(type) && !headers.has("content-encoding") && !headers.has("transfer-encoding");
    if (plain) vary(headers);
    const whole = plain && status !== 304;
    const keeps = whole && answers !== null && request.method === "GET" && status === 200 && !hasCredentials(request);
    const codes = whole && coding !== null && !SECRET.test(pathOf(request)) ? coding : null;
    if (keeps || codes !== null) return read(request, response, keeps ? began : null, codes);
    if (status === 304 && coding !== null) nameCoded(request, headers, coding);
    cors.mark(request, headers);
    return response;
  }

  /** `began`: to be kept; null: not. */
  async function read(request: Request, response: Response, began: number | null, coding: Coding | null) {
    const { headers, status } = response;
    const body = new Uint8Array(await response.arrayBuffer());
    if (began !== null) answers?.keep(request, began, response, body);
    cors.mark(request, headers);
    if (coding === null || body.byteLength < MIN_BYTES) return new Response(body, { status, headers });
    headers.set("content-encoding", coding);
    const etag = headers.get("etag");
    if (etag !== null) headers.set("etag", codedTag(etag, coding));
    return new Response(await encode(coding, body), { status, headers });
  }

  function changed(request: Request, response: Response): void {
    if (response.status < 400 && CHANGES.has(request.method) && !SHOWS_NOTHING.test(pathOf(request))) answers?.forget();
  }

  function around(inner: Handler): Handler {
    function answer(request: Request): Response | Promise<Response> {
      const coding = chooseCoding(request.headers.get("accept-encoding"));
      if (answers !== null && request.method === "GET") {
        const kept = answers.find(request, coding, () => requestIdOf(request));
        if (kept !== null) return hit(request, kept);
      }
      const began = answers?.begin() ?? 0;
      const done = (response: Response) => {
        // A request that became a WebSocket has no answer.
        if (!(response instanceof Response)) return response;
        changed(request, response);
        return finish(request, response, coding, began);
      };
      const response = inner(request);
      return response instanceof Promise ? response.then(done) : done(response);
    }
    return (request) => {
      if (request.method === "OPTIONS") {
        const allowed = preflight(request);
        if (allowed !== null) return allowed;
      }
      if (request.method !== "HEAD") return answer(request);
      return Promise.resolve(answer(asGet(request))).then(withoutBody);
    };
  }

  // Elysia asks at every request for the function around its own, which is always the same.
  let last: { readonly inner: Handler; readonly handler: Handler } | undefined;
  return (inner) => {
    if (last?.inner !== inner) last = { inner, handler: around(inner) };
    return last.handler;
  };
}

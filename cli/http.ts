/** The all-in-one server's front door: one port, three parts behind it, told apart by path. */
import { makeSockets, type SocketSession, type Sockets } from "@streamhub/api/sockets";
import type { Log } from "@streamhub/ingest/live/ports";
import { makeClientAddress } from "./client-address.ts";
import { Failure } from "./failure.ts";
import { isMetricsPath, type MetricsPart } from "./metrics.ts";

/** The client's, a trusted proxy's word included; empty when there is none. Looked up when somebody asks, while the request is under way. */
export type Address = () => string;

export type Part = (request: Request, address: Address, path: string) => Response | Promise<Response> | null;

/** Where the front door writes down whose request it is, for parts that are built before it and see only the request. */
export interface Addresses {
  of(request: Request): string;
  note(request: Request, address: Address): void;
}

export function makeAddresses(): Addresses {
  const known = new WeakMap<Request, Address>();
  return {
    of: (request) => known.get(request)?.() ?? "",
    note: (request, address) => known.set(request, address),
  };
}

function pathOf({ url }: Request): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const end = url.indexOf("?", start);
  return url.slice(start, end === -1 ? undefined : end);
}

/** A port, or a Unix socket for another process of ours: it has asked already whose request it is, and says so in X-Forwarded-For. */
export type HttpPlace =
  | {
      readonly host: string;
      readonly port: number;
      readonly variable: "HTTP_PORT" | "MEDIA_PORT";
      /** Others of our processes listen on it as well. */
      readonly isShared?: boolean;
    }
  | { readonly unix: string };

export type HttpOptions = HttpPlace & {
  /** Asked in order; the first answer counts. */
  readonly parts: readonly Part[];
  /** Addresses and CIDR ranges whose X-Forwarded-For or Forwarded counts; default none. */
  readonly trustedProxies?: readonly string[];
  readonly addresses?: Addresses;
  /** For parts that answer with a WebSocket. */
  readonly sockets?: Sockets;
  /** Answers `/metrics` and `/stat`. */
  readonly metrics: MetricsPart;
  readonly log: Log;
};

export interface HttpServer {
  /** 0 of a Unix socket. */
  readonly port: number;
  stop(): Promise<void>;
}

/** Longer than any held request (10 s), shorter than Bun's bound. */
const IDLE_TIMEOUT_S = 60;
const MAX_BODY = 16 * 1024 * 1024;

/** Where proxies stand. */
const PRIVATE = /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|::1$|f[cd])/;

/** Tells once of a proxy that nobody named: all its clients are one address, and share its limits. */
function makeProxyWarning(log: Log): (peer: string | undefined, found: string, headers: Headers) => void {
  let isTold = false;
  return (peer, found, headers) => {
    if (isTold || !headers.has("x-forwarded-for") || peer?.replace(/^::ffff:/, "") !== found || !PRIVATE.test(found))
      return;
    isTold = true;
    log.warn(
      { code: "http.unknown-proxy", peer: found },
      "Requests come through a proxy that TRUSTED_PROXIES does not name: all who come through it share one address and its limits",
    );
  };
}

/** RFC 9110 §6.6.1: whoever has a clock says the time. Bun does, except to HEAD. */
async function dated(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  if (!response.headers.has("date")) response.headers.set("date", new Date().toUTCString());
  return response;
}

/** Throws Failure when the port is taken. */
export function startHttp(options: HttpOptions): HttpServer {
  const { parts, metrics, log, addresses, sockets = makeSockets() } = options;
  const clientAddress =
    "unix" in options
      ? (_: string | undefined, headers: Headers) => headers.get("x-forwarded-for") ?? ""
      : makeClientAddress(options.trustedProxies ?? []);
  const warnOfProxy = makeProxyWarning(log);
  const notFound = () =>
    new Response("Not found\n", { status: 404, headers: { "content-type": "text/plain; charset=utf-8" } });

  function answer(request: Request, server: Bun.Server<SocketSession>): Response | Promise<Response> {
    const path = pathOf(request);
    const peer = () => server.requestIP(request)?.address;
    if (isMetricsPath(path)) return metrics(request, peer());
    let found: string | undefined;
    const address = () => {
      if (found !== undefined) return found;
      const other = peer();
      found = clientAddress(other, request.headers);
      warnOfProxy(other, found, request.headers);
      return found;
    };
    addresses?.note(request, address);
    for (const part of parts) {
      const response = part(request, address, path);
      if (response !== null) return response;
    }
    return notFound();
  }

  const port = (at: Exclude<HttpPlace, { unix: string }>) => ({
    hostname: at.host,
    port: at.port,
    reusePort: at.isShared ?? false,
  });
  // Bun takes idleTimeout of a Unix socket too (10 s otherwise), which its types don't know.
  const place = "unix" in options ? ({ unix: options.unix } as unknown as ReturnType<typeof port>) : port(options);
  try {
    const server = Bun.serve<SocketSession>({
      ...place,
      idleTimeout: IDLE_TIMEOUT_S,
      maxRequestBodySize: MAX_BODY,
      websocket: sockets.handler,
      fetch(request, self) {
        if (request.headers.has("upgrade")) sockets.note(request, self);
        const response = answer(request, self);
        return request.method === "HEAD" ? dated(response) : response;
      },
      error(error) {
        log.error({ code: "http.internal", error: String(error) }, "A request failed because of a bug");
        return new Response("Internal error\n", { status: 500, headers: { "cache-control": "no-store" } });
      },
    });
    return { port: server.port ?? 0, stop: () => server.stop(true) };
  } catch (error) {
    throw "unix" in options ? error : portFailure(error, options.port, options.variable);
  }
}

/** What to do when a listener can't be opened. */
export function portFailure(error: unknown, port: number, variable: string): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return new Failure(
      `Port ${port} is in use. Stop the program that has it, or set ${variable} to another port.`,
      "port.in-use",
    );
  if (code === "EACCES")
    return new Failure(
      `Port ${port} may not be opened by this user. Set ${variable} to a port above 1023.`,
      "port.not-allowed",
    );
  return error;
}

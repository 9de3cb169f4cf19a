/** The all-in-one server's front door: one port, three parts behind it, told apart by path. */
import { makeSockets, type SocketSession, type Sockets } from "@streamhub/api/sockets";
import type { Log } from "@streamhub/ingest/live/ports";
import { makeClientAddress } from "./client-address.ts";
import { Failure } from "./failure.ts";
import type { MetricsPart } from "./metrics.ts";

/** `address`: the client's, a trusted proxy's word included; empty when there is none. */
export type Part = (request: Request, address: string) => Response | Promise<Response> | null;

/** Where the front door writes down whose request it is, for parts that are built before it and see only the request. */
export interface Addresses {
  of(request: Request): string;
  note(request: Request, address: string): void;
}

export function makeAddresses(): Addresses {
  const known = new WeakMap<Request, string>();
  return {
    of: (request) => known.get(request) ?? "",
    note: (request, address) => known.set(request, address),
  };
}

export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly variable: "HTTP_PORT" | "MEDIA_PORT";
  /** Asked in order; the first answer counts. */
  readonly parts: readonly Part[];
  /** Addresses and CIDR ranges whose X-Forwarded-For or Forwarded counts; default none. */
  readonly trustedProxies?: readonly string[];
  readonly addresses?: Addresses;
  /** For parts that answer with a WebSocket. */
  readonly sockets?: Sockets;
  /** Answers `/metrics`. */
  readonly metrics: MetricsPart;
  readonly log: Log;
}

export interface HttpServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Longer than any held request (10 s), shorter than Bun's bound. */
const IDLE_TIMEOUT_S = 60;
const MAX_BODY = 16 * 1024 * 1024;

/** Throws Failure when the port is taken. */
export function startHttp(options: HttpOptions): HttpServer {
  const { host, port, variable, parts, metrics, log, addresses, sockets = makeSockets() } = options;
  const clientAddress = makeClientAddress(options.trustedProxies ?? []);
  const notFound = () =>
    new Response("Not found\n", { status: 404, headers: { "content-type": "text/plain; charset=utf-8" } });

  async function answer(request: Request, address: string | undefined): Promise<Response> {
    const path = new URL(request.url).pathname;
    if (path === "/metrics") return metrics(request, address);
    const client = clientAddress(address, request.headers);
    addresses?.note(request, client);
    for (const part of parts) {
      const response = part(request, client);
      if (response !== null) return await response;
    }
    return notFound();
  }

  try {
    const server = Bun.serve<SocketSession>({
      hostname: host,
      port,
      idleTimeout: IDLE_TIMEOUT_S,
      maxRequestBodySize: MAX_BODY,
      websocket: sockets.handler,
      fetch(request, self) {
        sockets.note(request, self);
        return answer(request, self.requestIP(request)?.address);
      },
      error(error) {
        log.error({ code: "http.internal", error: String(error) }, "A request failed because of a bug");
        return new Response("Internal error\n", { status: 500, headers: { "cache-control": "no-store" } });
      },
    });
    return { port: server.port ?? port, stop: () => server.stop(true) };
  } catch (error) {
    throw portFailure(error, port, variable);
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

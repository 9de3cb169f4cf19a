/**
 * Counts and times every request, whoever answers it: a route, the cache in front or a failure. Labels have few values: a route's template
 * (never the path), a known method, a status of our own.
 */
import type { Registry } from "prom-client";
import type { Handler } from "../edge/edge.ts";
import { type RequestSpan, type RequestTracer, traceRequest } from "../tracing.ts";
import { reading } from "./registry.ts";
import { type Tally, talliesOf } from "./tallies.ts";
import { makeTemplates } from "./templates.ts";

export interface RequestMetrics {
  /** Goes around everything else. */
  readonly around: (inner: Handler) => Handler;
  /** Learns the routes, once all are there. */
  learn(routes: readonly { readonly path: string }[]): void;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Seconds. */
const BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** `tracer`: begins a span for each request too. */
export function makeRequestMetrics(registry: Registry, tracer: RequestTracer | null = null): RequestMetrics {
  const templates = makeTemplates();
  const tallies = talliesOf(registry, {
    counter: { name: "streamhub_http_requests_total", help: "Requests to the API, by route template" },
    histogram: {
      name: "streamhub_http_request_duration_seconds",
      help: "From a request to the head of its answer, by route template and class of status",
    },
    buckets: BUCKETS,
  });
  /** By route, then by method and status. */
  const byRoute = new Map<string, Map<string, Map<number, Tally>>>();

  function tallyOf(route: string, method: string, status: number): Tally {
    const known = byRoute.get(route)?.get(method)?.get(status);
    if (known !== undefined) return known;
    const tally = tallies.make({ method, route, status }, { method, route, status: `${Math.floor(status / 100)}xx` });
    const ofRoute = byRoute.get(route) ?? new Map<string, Map<number, Tally>>();
    const ofMethod = ofRoute.get(method) ?? new Map<number, Tally>();
    byRoute.set(route, ofRoute.set(method, ofMethod.set(status, tally)));
    return tally;
  }

  let inFlight = 0;
  reading(registry, "streamhub_http_requests_in_flight", "Requests to the API that have no answer yet", () => inFlight);

  const methodOf = ({ method }: Request) => (METHODS.has(method) ? method : "other");
  const routeOf = ({ url }: Request) => templates.of(url) ?? "none";

  function count(request: Request, status: number, began: number, span: RequestSpan | null): void {
    inFlight--;
    tallyOf(routeOf(request), methodOf(request), status).add((performance.now() - began) / 1_000);
    span?.end(status >= 500 ? `${status}` : null, { "http.response.status_code": status });
  }

  function wrapped(inner: Handler): Handler {
    return (request) => {
      const began = performance.now();
      inFlight++;
      const span = tracer === null ? null : traceRequest(tracer, request, methodOf(request), routeOf(request));
      const done = (response: Response): Response => {
        // A request that became a WebSocket has no answer.
        count(request, response instanceof Response ? response.status : 101, began, span);
        return response;
      };
      const failed = (error: unknown): never => {
        count(request, 500, began, span);
        throw error;
      };
      try {
        const response = inner(request);
        return response instanceof Promise ? response.then(done, failed) : done(response);
      } catch (error) {
        return failed(error);
      }
    };
  }

  // Elysia asks at every request for the function around its own, which is always the same.
  let last: { readonly inner: Handler; readonly handler: Handler } | undefined;
  return {
    around(inner) {
      if (last?.inner !== inner) last = { inner, handler: wrapped(inner) };
      return last.handler;
    },
    learn: (routes) => templates.learn(routes.map(({ path }) => path)),
  };
}

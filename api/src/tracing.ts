/** Requests as spans of a trace; the command line binds them to OpenTelemetry. */

type Attributes = Readonly<Record<string, string | number>>;

export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string | null;
  end(failure: string | null, attributes: Attributes): void;
}

export interface RequestTracer {
  /** `parent`: the request's W3C `traceparent`. */
  start(
    name: string,
    options: { readonly kind: "server"; readonly parent: string | null; readonly attributes: Attributes },
  ): RequestSpan;
}

const spans = new WeakMap<Request, RequestSpan>();

/** Begins the span of a request. `route`: its template. */
export function traceRequest(tracer: RequestTracer, request: Request, method: string, route: string): RequestSpan {
  const span = tracer.start(`${method} ${route}`, {
    kind: "server",
    parent: request.headers.get("traceparent"),
    attributes: { "http.request.method": method, "http.route": route },
  });
  spans.set(request, span);
  return span;
}

/** Of a request that is being answered; null: it is not traced. */
export const traceIdOf = (request: Request): string | null => spans.get(request)?.traceId ?? null;

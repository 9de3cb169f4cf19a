/** Traces as ingest tells them; the command line binds them to OpenTelemetry. Spans are for what happens seldom: never for each message. */
import type { Milliseconds } from "../bytes/units.ts";

/** No secret and no address of a person may stand in one. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  /** 32 hexadecimal digits; null: nothing is traced. */
  readonly traceId: string | null;
  child(name: string, attributes?: Attributes): Span;
  /** A moment of it. */
  event(name: string, attributes?: Attributes): void;
  /** Only the first end counts. `failure`: what went wrong, in words without a secret. */
  end(failure?: string | null, attributes?: Attributes): void;
}

export interface SpanStart {
  /** `server`: somebody asks for it from outside. Default `internal`. */
  readonly kind?: "server" | "internal";
  /** Default now. */
  readonly startedAt?: Milliseconds;
  /** W3C `traceparent` of a request; what is none begins a trace of its own. */
  readonly parent?: string | null;
  /** Of what there is a lot of, the part that is traced: 0 to 1, whole traces by their id. Default 1. */
  readonly share?: number;
  readonly attributes?: Attributes;
}

export interface Tracer {
  start(name: string, options?: SpanStart): Span;
}

export const NO_SPAN: Span = { traceId: null, child: () => NO_SPAN, event() {}, end() {} };
export const NO_TRACER: Tracer = { start: () => NO_SPAN };

/** For a line of the log. */
export const traceOf = ({ traceId }: Span): { readonly traceId?: string } => (traceId === null ? {} : { traceId });

/** Spans by OpenTelemetry's own packages, sent as OTLP over HTTP in JSON. The only file that knows them. */
import {
  type Context,
  DiagLogLevel,
  diag,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { type ExportResult, ExportResultCode, setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Log } from "@streamhub/ingest/live/ports";
import { NO_SPAN, type Span, type Tracer } from "@streamhub/ingest/live/trace";
import { Counter, type Registry as PromRegistry } from "prom-client";

export interface OtlpOptions {
  /** Of the collector; `/v1/traces` is added. */
  readonly endpoint: string;
  /** Secrets, such as an API key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Part of the traces that is kept, 0 to 1. */
  readonly ratio: number;
  readonly metrics: PromRegistry;
  readonly log: Log;
}

export interface OtlpTracer {
  readonly tracer: Tracer;
  /** Sends what there is, and gives up after a time. */
  stop(): Promise<void>;
}

/** Spans that wait to be sent; what comes beyond is dropped. */
const MAX_WAITING = 2_048;
const SEND_TIMEOUT = 5_000;
/** An attribute's value, in characters. */
const MAX_VALUE = 256;
const PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NO_ID = /^0+$/;

function contextOf(traceparent: string | null | undefined): Context {
  const [, traceId = "0", spanId = "0", flags = "0"] = PARENT.exec(traceparent ?? "") ?? [];
  if (NO_ID.test(traceId) || NO_ID.test(spanId)) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** Counts what is sent, and says once when nothing gets through and once when it does again. */
function watched(exporter: SpanExporter, { metrics, log }: Pick<OtlpOptions, "metrics" | "log">): SpanExporter {
  const counter = new Counter({
    name: "streamhub_trace_spans_total",
    help: "Spans handed to the collector of traces, by outcome",
    labelNames: ["outcome"] as const,
    registers: [metrics],
  });
  for (const outcome of ["sent", "failed"] as const) counter.inc({ outcome }, 0);
  let isFailing = false;
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void) {
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        counter.inc({ outcome: failed ? "failed" : "sent" }, spans.length);
        if (failed !== isFailing) {
          isFailing = failed;
          if (failed) log.warn({ code: "tracing.failed", reason: result.error?.name }, "Traces do not get through");
          else log.info({ code: "tracing.recovered" }, "Traces get through again");
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}

export function makeOtlpTracer(options: OtlpOptions): OtlpTracer {
  const { endpoint, headers, serviceName, ratio } = options;
  // What these packages have to say is said above, in our words; theirs may quote headers and addresses.
  setGlobalErrorHandler(() => {});
  diag.setLogger({ verbose() {}, debug() {}, info() {}, warn() {}, error() {} }, DiagLogLevel.NONE);
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url: url.href, headers: { ...headers }, timeoutMillis: SEND_TIMEOUT });
  // By the trace's id: all processes keep the same traces whole, whoever began them.
  const byId = new TraceIdRatioBasedSampler(ratio);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": serviceName }),
    sampler: new ParentBasedSampler({ root: byId, remoteParentSampled: byId }),
    spanLimits: { attributeValueLengthLimit: MAX_VALUE, attributeCountLimit: 32, eventCountLimit: 64 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: watched(exporter, options),
        maxQueueSize: MAX_WAITING,
        exportTimeoutMillis: SEND_TIMEOUT,
      }),
    ],
  });
  const otel = provider.getTracer("streamhub");

  function spanOf(span: OtelSpan): Span {
    const context = trace.setSpan(ROOT_CONTEXT, span);
    return {
      traceId: span.spanContext().traceId,
      child: (name, attributes = {}) => spanOf(otel.startSpan(name, { attributes: { ...attributes } }, context)),
      event: (name, attributes = {}) => void span.addEvent(name, { ...attributes }),
      end(failure, attributes) {
        if (!span.isRecording()) return;
        if (attributes !== undefined) span.setAttributes({ ...attributes });
        if (failure) span.setStatus({ code: SpanStatusCode.ERROR, message: failure.slice(0, MAX_VALUE) });
        span.end();
      },
    };
  }

  return {
    tracer: {
      start(name, { kind = "internal", startedAt, parent, share = 1, attributes = {} } = {}) {
        const context = contextOf(parent);
        const traceId = trace.getSpanContext(context)?.traceId;
        const place = traceId === undefined ? Math.random() : Number.parseInt(traceId.slice(-8), 16) / 2 ** 32;
        if (place >= share) return NO_SPAN;
        return spanOf(
          otel.startSpan(
            name,
            {
              kind: kind === "server" ? SpanKind.SERVER : SpanKind.INTERNAL,
              attributes: { ...attributes },
              ...(startedAt === undefined ? {} : { startTime: startedAt }),
            },
            context,
          ),
        );
      },
    },
    async stop() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, SEND_TIMEOUT);
      await Promise.race([provider.shutdown().catch(() => {}), late.promise]);
      clearTimeout(timer);
    },
  };
}

/** Traces of a real server, sent to a collector that reads OTLP's JSON: from the publisher, and from a request for a download, to ffmpeg. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NO_SPAN } from "@streamhub/ingest/live/trace";
import { Registry } from "prom-client";
import { makeDataDir, publish, removeDataDir, startServer, until } from "../e2e/server.ts";
import { makeOtlpTracer } from "./otlp.ts";

setDefaultTimeout(120_000);

interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

function startCollector(answer: () => Response | Promise<Response> = () => Response.json({})) {
  const spans: SeenSpan[] = [];
  const heard: { readonly path: string; readonly key: string | null; readonly text: string }[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const text = await request.text();
      heard.push({ path: new URL(request.url).pathname, key: request.headers.get("x-api-key"), text });
      for (const { scopeSpans } of JSON.parse(text).resourceSpans)
        for (const scope of scopeSpans) spans.push(...scope.spans);
      return answer();
    },
  });
  cleanUps.push(() => server.stop(true));
  const named = (name: string) => spans.filter((span) => span.name === name);
  return { url: `http://127.0.0.1:${server.port}`, spans, heard, named };
}

const attribute = ({ attributes }: SeenSpan, name: string) => attributes.find(({ key }) => key === name)?.value;
const ids = (digit: string) => ({ trace: digit.repeat(32), span: digit.repeat(16) });

test("a broadcast is one trace from the connection to ffmpeg; a download's goes on with that of who asks; requests have theirs", async () => {
  const collector = startCollector();
  const dataDir = makeDataDir();
  cleanUps.push(() => removeDataDir(dataDir));
  const server = await startServer({
    dataDir,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=collector-secret",
      OTEL_SERVICE_NAME: "tested",
    },
  });
  cleanUps.push(() => server.stop());
  const { trace, span } = ids("a");
  const traceparent = `00-${trace}-${span}-01`;
  const asked = await fetch(`${server.site}/api/streams?live=true`, { headers: { traceparent } });
  expect(asked.status).toBe(200);

  const encoder = publish(`${server.rtmp}/${server.streamKey}`, { seconds: 6 });
  cleanUps.push(() => encoder.stop());
  const playlist = `${server.site}/live/${server.slug}/video/index.m3u8`;
  await until("it plays", async () => (await fetch(playlist)).ok);
  await encoder.exited;
  const streams = async () => {
    const { items } = (await (await fetch(`${server.site}/api/streams`)).json()) as { items: { id: number }[] };
    return items[0]?.id;
  };
  const id = await until("it is a stream", streams);
  const file = `${server.site}/vod/${id}/download.mp4?token=playback-secret`;
  await until("its recording can be downloaded", async () => {
    const response = await fetch(file, { headers: { traceparent } });
    await response.arrayBuffer();
    return response.ok;
  });
  expect(await server.stop()).toBe(0);

  // All of it was sent by the time that the process had ended.
  const [published] = collector.named("rtmp.publish");
  const ofBroadcast = collector.spans.filter(({ traceId }) => traceId === published!.traceId);
  expect(ofBroadcast.map(({ name }) => name).sort()).toEqual(
    [
      ...["rtmp.publish", "publish.authorise", "broadcast"],
      ...["broadcast.first_keyframe", "broadcast.first_part", "ffmpeg", "recording"],
    ].sort(),
  );
  const [broadcast] = collector.named("broadcast");
  expect(published!.parentSpanId ?? "").toBe("");
  expect(broadcast!.parentSpanId).toBe(published!.spanId);
  expect(attribute(broadcast!, "streamhub.channel")).toEqual({ stringValue: server.slug });
  expect(attribute(broadcast!, "streamhub.stream_id")).toEqual({ intValue: id });
  for (const name of ["ffmpeg", "recording", "broadcast.first_part", "broadcast.first_keyframe"]) {
    const child = ofBroadcast.find((each) => each.name === name)!;
    expect(child.parentSpanId).toBe(broadcast!.spanId);
    expect(BigInt(child.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(published!.startTimeUnixNano));
    expect(child.status.code ?? 0).toBe(0);
  }
  expect(BigInt(broadcast!.endTimeUnixNano) - BigInt(broadcast!.startTimeUnixNano)).toBeGreaterThan(4_000_000_000n);
  const line = server
    .log()
    .split("\n")
    .find((each) => each.includes('"publish.started"'));
  expect(JSON.parse(line!).traceId).toBe(published!.traceId);

  // The request's own trace goes on.
  const ofRequests = collector.spans.filter(({ traceId }) => traceId === trace);
  const list = ofRequests.find(({ name }) => name === "GET /api/streams");
  expect(list).toMatchObject({ parentSpanId: span, kind: 2 });
  expect(attribute(list!, "http.response.status_code")).toEqual({ intValue: 200 });
  const downloads = ofRequests.filter(({ name }) => name === "GET /vod/:id/download.mp4");
  const converting = ofRequests.find(({ name }) => name === "ffmpeg");
  expect(downloads.map(({ spanId }) => spanId)).toContain(converting!.parentSpanId!);

  expect(new Set(collector.heard.map(({ path, key }) => `${path} ${key}`))).toEqual(
    new Set(["/v1/traces collector-secret"]),
  );
  const said = collector.heard.map(({ text }) => text).join("");
  expect(said).toContain('"tested"');
  expect(said).not.toMatch(/127\.0\.0\.1|playback-secret|collector-secret/);
  expect(said).not.toContain(server.streamKey);
  expect(server.log()).not.toContain("collector-secret");
});

describe("the way to the collector", () => {
  function open(endpoint: string, ratio = 1) {
    const metrics = new Registry();
    const logged: string[] = [];
    const note = (fields: object) => void logged.push((fields as { code: string }).code);
    const log = { debug() {}, info: note, warn: note, error: note };
    const { tracer, stop } = makeOtlpTracer({ endpoint, headers: {}, serviceName: "t", ratio, metrics, log });
    const count = async (outcome: string) => {
      const { values } = await metrics.getSingleMetric("streamhub_trace_spans_total")!.get();
      return values.find(({ labels }) => labels.outcome === outcome)?.value;
    };
    return { tracer, stop, logged, count };
  }

  test("a collector that does not answer holds a stop up for five seconds at most", async () => {
    const collector = startCollector(() => new Promise<Response>(() => {}));
    const { tracer, stop } = open(collector.url);
    tracer.start("one").end();
    const began = performance.now();
    await stop();
    expect(performance.now() - began).toBeLessThan(6_500);
    expect(collector.named("one")).toHaveLength(1);
  });

  test("one that refuses is said once, and counted", async () => {
    const collector = startCollector(() => new Response("no", { status: 400 }));
    const { tracer, stop, logged, count } = open(`${collector.url}/otlp/`);
    tracer.start("one").end();
    await stop();
    expect(collector.heard.map(({ path }) => path)).toEqual(["/otlp/v1/traces"]);
    expect(logged).toEqual(["tracing.failed"]);
    expect(await count("failed")).toBe(1);
    expect(await count("sent")).toBe(0);
  });

  test("spans that nobody takes are bounded in number and size", async () => {
    const collector = startCollector();
    const { tracer, stop, count } = open(collector.url);
    for (let i = 0; i < 5_000; i++) tracer.start(`span ${i}`, { attributes: { long: "x".repeat(10_000) } }).end();
    await stop();
    expect(await count("sent")).toBeLessThanOrEqual(2_048 + 512);
    expect(Math.max(...collector.spans.map((span) => String(attribute(span, "long")!.stringValue).length))).toBe(256);
  });

  test("what belongs to no trace, or to a made-up one, begins its own; a trace that is not kept is not", async () => {
    const collector = startCollector();
    const { tracer, stop } = open(collector.url);
    const zero = ids("0");
    for (const parent of [null, "", "00-zz", `00-${zero.trace}-${ids("b").span}-01`, `${"9".repeat(5_000)}`])
      tracer.start("own", { parent }).end();
    tracer.start("dropped", { parent: `00-${ids("c").trace}-${ids("c").span}-00` }).end();
    await stop();
    expect(collector.named("own")).toHaveLength(5);
    expect(collector.named("own").every(({ parentSpanId }) => (parentSpanId ?? "") === "")).toBe(true);
    expect(collector.named("dropped")).toEqual([]);
  });

  test("of what there is a lot of a part is traced, the same traces in every process", () => {
    const { tracer, stop } = open("http://127.0.0.1:9");
    const kept = (trace: string) => tracer.start("x", { parent: `00-${trace}-${"a".repeat(16)}-01`, share: 0.5 });
    expect(kept(`${"a".repeat(24)}00000001`).traceId).toBe(`${"a".repeat(24)}00000001`);
    expect(kept(`${"a".repeat(24)}f0000000`)).toBe(NO_SPAN);
    return stop();
  });
});

test("without a collector nothing of OpenTelemetry is loaded: one file knows it, and it is imported only when asked for", () => {
  const root = join(import.meta.dir, "..", "..");
  const sources = ["api/src", "cli", "db/src", "ingest/src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => ({ name: join(folder, name), text: readFileSync(join(root, folder, name), "utf8") })),
  );
  expect(sources.length).toBeGreaterThan(300);
  const withText = (what: RegExp) => sources.filter(({ text }) => what.test(text)).map(({ name }) => name);
  expect(withText(/from "@opentelemetry\//)).toEqual(["cli/tracing/otlp.ts"]);
  expect(withText(/from "[^"]*\/otlp\.ts"/)).toEqual([]);
  expect(withText(/import\("\.\/otlp\.ts"\)/)).toEqual(["cli/tracing/tracing.ts"]);
});

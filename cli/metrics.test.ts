import { describe, expect, test } from "bun:test";
import { Gauge, Registry } from "prom-client";
import { makeMetricsPart } from "./metrics.ts";
import { startProcessMetrics } from "./process-metrics.ts";

const registry = new Registry();
new Gauge({ name: "answer", help: "for tests", registers: [registry] }).set(42);
const TOKEN = "a-token-of-thirty-two-characters";
const request = (headers: Record<string, string> = {}, method = "GET") =>
  new Request("http://host/metrics", { method, headers });

describe("who may read the metrics", () => {
  test("without a token: this machine, asking itself", async () => {
    const part = makeMetricsPart({ registry, token: null });
    for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]) {
      const response = await part(request(), address);
      expect(response.status).toBe(200);
      expect(await response.text()).toContain("\nanswer 42\n");
      expect(response.headers.get("content-type")).toContain("text/plain");
      expect(response.headers.get("cache-control")).toBe("no-store");
    }
    for (const address of ["192.0.2.1", "10.0.0.1", "::2", "::ffff:10.0.0.1", "", undefined])
      expect((await part(request({ authorization: `Bearer ${TOKEN}` }), address)).status).toBe(404);
    for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-proto", "x-forwarded-host"])
      expect((await part(request({ [name]: "127.0.0.1" }), "127.0.0.1")).status).toBe(404);
  });

  test("with one: whoever has it, from anywhere, and nobody else, this machine included", async () => {
    const part = makeMetricsPart({ registry, token: TOKEN });
    for (const address of ["192.0.2.1", "127.0.0.1", undefined])
      for (const scheme of ["Bearer", "bearer"]) {
        const headers = { authorization: `${scheme} ${TOKEN}`, "x-forwarded-for": "1.2.3.4" };
        expect((await part(request(headers), address)).status).toBe(200);
      }
    for (const authorization of ["", "Bearer", `Basic ${TOKEN}`, "Bearer x", `Bearer ${TOKEN}x`, TOKEN, "Bearer  "]) {
      const response = await part(request({ authorization }), "127.0.0.1");
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toContain("Bearer");
      expect(await response.text()).not.toContain("answer");
    }
    expect((await part(request(), "127.0.0.1")).status).toBe(401);
  });

  test("reading is all that can be done", async () => {
    const part = makeMetricsPart({ registry, token: null });
    expect((await part(request({}, "POST"), "::1")).status).toBe(405);
    const head = await part(request({}, "HEAD"), "::1");
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });
});

describe("/stat", () => {
  const stat = () => "<rtmp/>";
  const ask = (headers: Record<string, string> = {}) => new Request("http://host/stat", { headers });

  test("is there where there is ingest, for this machine alone", async () => {
    expect((await makeMetricsPart({ registry, token: null })(ask(), "127.0.0.1")).status).toBe(404);
    const part = makeMetricsPart({ registry, token: null, stat });
    const response = await part(ask(), "127.0.0.1");
    expect([response.status, await response.text()]).toEqual([200, "<rtmp/>"]);
    expect(response.headers.get("content-type")).toBe("text/xml; charset=utf-8");
    expect((await part(ask(), "192.0.2.1")).status).toBe(404);
  });

  test("takes the token as the password of an address, which /metrics does not", async () => {
    const part = makeMetricsPart({ registry, token: TOKEN, stat });
    const basic = (password: string) => ({ authorization: `Basic ${btoa(`any:${password}`)}` });
    expect((await part(ask(basic(TOKEN)), "192.0.2.1")).status).toBe(200);
    expect((await part(ask({ authorization: `Bearer ${TOKEN}` }), "192.0.2.1")).status).toBe(200);
    for (const headers of [basic("other"), basic(""), { authorization: `Basic ${btoa(TOKEN)}` }, {}])
      expect((await part(ask(headers), "127.0.0.1")).status).toBe(401);
    expect((await part(request(basic(TOKEN)), "127.0.0.1")).status).toBe(401);
  });
});

test("a process says what it uses and how late its event loop is", async () => {
  const own = new Registry();
  const stop = startProcessMetrics(own);
  try {
    const value = async (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, "m").exec(await own.metrics())?.[1] ?? Number.NaN);
    expect(await value("process_resident_memory_bytes")).toBeGreaterThan(1e7);
    expect(await value("process_heap_used_bytes")).toBeGreaterThan(0);
    expect(await value("process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(Math.abs((await value("process_start_time_seconds")) - Date.now() / 1_000)).toBeLessThan(3_600);
    expect(await value("process_open_fds")).toBeGreaterThan(2);
    expect(await value("process_max_fds")).toBeGreaterThan(await value("process_open_fds"));
    const busyUntil = performance.now() + 600;
    while (performance.now() < busyUntil);
    const deadline = performance.now() + 10_000;
    while ((await value("streamhub_event_loop_lag_seconds_count")) < 1 && performance.now() < deadline)
      await Bun.sleep(10);
    expect(await value("streamhub_event_loop_lag_seconds_sum")).toBeGreaterThan(0.2);
  } finally {
    stop();
  }
});

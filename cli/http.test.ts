import { afterEach, describe, expect, test } from "bun:test";
import type { Log } from "@streamhub/ingest/live/ports";
import { Registry } from "prom-client";
import { type HttpServer, makeAddresses, startHttp } from "./http.ts";
import { makeMetricsPart } from "./metrics.ts";

const logged: { code: unknown; peer: unknown }[] = [];
const note = (fields: object) => void logged.push(fields as { code: unknown; peer: unknown });
const log = { debug: note, info: note, warn: note, error: note } as unknown as Log;

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.stop();
  logged.length = 0;
});

function start(trustedProxies: readonly string[] = []): string {
  const addresses = makeAddresses();
  server = startHttp({
    host: "127.0.0.1",
    port: 0,
    variable: "HTTP_PORT",
    parts: [(request) => new Response(addresses.of(request))],
    addresses,
    trustedProxies,
    metrics: makeMetricsPart({ registry: new Registry(), token: null }),
    log,
  });
  return `http://127.0.0.1:${server.port}`;
}

const from = async (site: string, forwarded?: string) =>
  (await fetch(site, forwarded === undefined ? {} : { headers: { "x-forwarded-for": forwarded } })).text();

describe("the front door", () => {
  test("believes no proxy that was not named, and tells of it once", async () => {
    const site = start();
    expect(await from(site)).toBe("127.0.0.1");
    expect(logged).toEqual([]);
    for (let i = 0; i < 3; i++) expect(await from(site, `198.51.100.${i}`)).toBe("127.0.0.1");
    expect(logged).toEqual([{ code: "http.unknown-proxy", peer: "127.0.0.1" }]);
  });

  test("believes one that was named, and says nothing", async () => {
    const site = start(["127.0.0.1"]);
    expect(await from(site, "198.51.100.7")).toBe("198.51.100.7");
    expect(await from(site, "10.0.0.7")).toBe("10.0.0.7");
    expect(logged).toEqual([]);
  });

  test("says the time and the length to HEAD as to GET", async () => {
    const site = start();
    const [get, head] = [await fetch(site), await fetch(site, { method: "HEAD" })];
    for (const { headers } of [get, head]) expect(Date.parse(headers.get("date") ?? "")).toBeGreaterThan(0);
    expect(head.headers.get("content-length")).toBe(get.headers.get("content-length"));
    expect(await head.text()).toBe("");
  });
});

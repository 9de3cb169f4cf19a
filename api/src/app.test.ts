import { expect, test } from "bun:test";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { makeKeyVault } from "@streamhub/db/key-vault";
import { Registry } from "prom-client";
import { createApp, type Services } from "./app.ts";

const site = { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" }, sendsMail: false };
const secret = "0123456789abcdef0123456789abcdef";
const app = (services: Partial<Services> = {}) =>
  createApp({
    // No route of this file reads the database.
    db: {} as Services["db"],
    bus: makeInProcessBus(),
    secret,
    vault: makeKeyVault(secret),
    uploadsDir: "/nonexistent",
    publicUrl: null,
    corsOrigins: [],
    addressOf: () => "192.0.2.1",
    metrics: new Registry(),
    probes: {},
    site,
    ...services,
  });
const get = (path: string, init?: RequestInit, services?: Partial<Services>) =>
  app(services).handle(new Request(`http://localhost${path}`, init));

test("an unknown address is a problem with a stable code and the request's id", async () => {
  const response = await get("/api/nope", { headers: { "x-request-id": "from-the-proxy-1" } });
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("x-request-id")).toBe("from-the-proxy-1");
  expect(await response.json()).toMatchObject({ code: "route.not-found", status: 404, requestId: "from-the-proxy-1" });
});

test("a request id that could forge a log line is replaced", async () => {
  const response = await get("/api/health", { headers: { "x-request-id": "a b\tc{}" } });
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("health and site", async () => {
  expect(await (await get("/api/health")).json()).toEqual({ status: "ok", uptimeSeconds: 0 });
  const response = await get("/api/site");
  const etag = response.headers.get("etag");
  expect(await response.json()).toEqual(site);
  expect(etag).toMatch(/^"[0-9a-z]{16,26}"$/);
  const again = await get("/api/site", { headers: { "if-none-match": `"x", W/${etag}` } });
  expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
});

test("ready asks every part and says which one is away", async () => {
  const up = async () => 1;
  const down = async () => {
    throw new Error("secret connection string");
  };
  expect((await get("/api/ready", {}, { probes: { database: up, ingest: up } })).status).toBe(200);
  const response = await get("/api/ready", {}, { probes: { database: down, ingest: up } });
  const text = await response.text();
  expect(response.status).toBe(503);
  expect(JSON.parse(text)).toMatchObject({
    status: "unready",
    checks: { database: { ok: false }, ingest: { ok: true } },
  });
  expect(text).not.toContain("secret");
});

test("the API describes itself", async () => {
  const response = await get("/api/openapi");
  const document = (await response.json()) as { openapi: string; paths: Record<string, unknown> };
  expect(document.openapi).toStartWith("3.");
  expect(Object.keys(document.paths)).toContain("/api/health");
});

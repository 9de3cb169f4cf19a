import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { viewersSet } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import fc from "fast-check";
import { Registry } from "prom-client";
import { startPlatform, TEST_SECRET, type TestPlatform } from "../../test/platform.ts";
import { makeViews } from "../views/views.ts";
import { makeRequestMetrics } from "./requests.ts";
import { makeTemplates } from "./templates.ts";

const templates = makeTemplates();
const PATHS = [
  "/api/channels/",
  "/api/channels/:id",
  "/api/channels/:id/stream-key",
  "/api/users/me",
  "/api/users/:id/channels",
  "/files/*",
  "/api/channels/:slug",
];
templates.learn(PATHS);

describe("the template of a path", () => {
  const cases: [url: string, template: string | null][] = [
    ["http://a/api/channels", "/api/channels"],
    ["http://a/api/channels/", "/api/channels"],
    ["http://a/api/channels?q=/api/users/me", "/api/channels"],
    ["http://a:80/api/channels/17", "/api/channels/:id"],
    ["http://a/api/channels/%2e%2e/stream-key?", "/api/channels/:id/stream-key"],
    ["http://a/api/channels//stream-key", null],
    ["http://a/api/channels/1/2/3", null],
    ["http://a/api/users/me", "/api/users/me"],
    ["http://a/api/users/me/channels", "/api/users/:id/channels"],
    ["http://a/api/users/1", null],
    ["http://a/files/a/b", "/files/*"],
    ["http://a/files", "/files/*"],
    ["http://a/", null],
    ["http://a", null],
    ["", null],
  ];
  test.each(cases)("%s -> %p", (url, template) => {
    expect(templates.of(url)).toBe(template);
  });

  test("law: whatever is asked, one of the templates or none", () => {
    const word = fc.oneof(
      fc.constantFrom("api", "channels", "users", "me", "stream-key", "files", "", "1"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const found = templates.of(`http://host/${words.join("/")}`);
        expect(found === null || found === "/api/channels" || PATHS.includes(found)).toBe(true);
      }),
    );
  });
});

describe("requests", () => {
  const samples = async (registry: Registry, name: string): Promise<Record<string, unknown>[]> =>
    ((await registry.getSingleMetric(name)?.get())?.values ?? []).map(({ labels, value }) => ({ ...labels, value }));

  test("one that fails, one that waits and one that became a WebSocket are counted, and none stays in flight", async () => {
    const registry = new Registry();
    const metrics = makeRequestMetrics(registry);
    metrics.learn([{ path: "/a" }]);
    const waiting = Promise.withResolvers<Response>();
    const answers: (() => Response | Promise<Response>)[] = [
      () => {
        throw new Error("a mistake");
      },
      () => Promise.reject(new Error("a mistake")),
      () => waiting.promise,
      () => undefined as unknown as Response,
    ];
    const handler = metrics.around(() => answers.shift()!());
    const request = new Request("http://host/a");
    expect(() => handler(request)).toThrow("a mistake");
    await expect(handler(request) as Promise<Response>).rejects.toThrow("a mistake");
    const later = handler(request);
    expect(await samples(registry, "streamhub_http_requests_in_flight")).toEqual([{ value: 1 }]);
    handler(request);
    waiting.resolve(new Response(null, { status: 204 }));
    await later;
    expect(await samples(registry, "streamhub_http_requests_in_flight")).toEqual([{ value: 0 }]);
    expect(await samples(registry, "streamhub_http_requests_total")).toEqual([
      { method: "GET", route: "/a", status: 500, value: 2 },
      { method: "GET", route: "/a", status: 101, value: 1 },
      { method: "GET", route: "/a", status: 204, value: 1 },
    ]);
  });
});

describe("metrics of the API", () => {
  let platform: TestPlatform;
  const registry = new Registry();
  beforeAll(async () => {
    platform = await startPlatform({ metrics: registry, keepAnswers: true });
  });
  afterAll(() => platform.close());

  const lines = async (name: string) => (await registry.metrics()).split("\n").filter((line) => line.startsWith(name));
  const countOf = async (labels: string) =>
    Number((await lines(`streamhub_http_requests_total{${labels}}`))[0]?.split(" ").at(-1) ?? 0);

  test("count requests by route template, method and status, whoever answered them", async () => {
    const user = await platform.makeUser();
    await platform.request("GET", "/api/channels/1");
    await platform.request("GET", "/api/channels/2");
    await platform.request("GET", "/api/channels/abc");
    await user.request("POST", "/api/channels", { slug: "counted", title: "Counted" });
    await platform.request("GET", "/api/channels/1");
    expect(await countOf('method="GET",route="/api/channels/:id",status="404"')).toBe(2);
    expect(await countOf('method="GET",route="/api/channels/:id",status="200"')).toBe(1);
    expect(await countOf('method="GET",route="/api/channels/:id",status="422"')).toBe(1);
    expect(await countOf('method="POST",route="/api/channels",status="201"')).toBe(1);
    // The second answer comes from the cache.
    for (let i = 0; i < 3; i++) await platform.request("GET", "/api/streams");
    expect(await countOf('method="GET",route="/api/streams",status="200"')).toBe(3);
    await platform.request("HEAD", "/api/streams");
    expect(await countOf('method="HEAD",route="/api/streams",status="200"')).toBe(1);
    await platform.request("PATCH", "/api/streams");
    expect(await countOf('method="PATCH",route="/api/streams",status="405"')).toBe(1);
    expect(await lines("streamhub_http_request_duration_seconds_count{")).toContain(
      'streamhub_http_request_duration_seconds_count{method="GET",route="/api/streams",status="2xx"} 3',
    );
  });

  test("random paths, methods, hosts and headers add no series but those of no route", async () => {
    await platform.request("GET", "/api/nothing");
    await platform.request("BREW", "/api/nothing");
    const seriesOf = async () =>
      new Set((await lines("streamhub_http")).map((line) => line.slice(0, line.lastIndexOf(" "))));
    const before = await seriesOf();
    await fc.assert(
      fc.asyncProperty(
        fc.webPath(),
        fc.domain(),
        fc.constantFrom("GET", "BREW", "PROPFIND"),
        async (path, host, method) => {
          await platform.app.handle(new Request(`http://${host}/nowhere${path}`, { method, headers: { host } }));
        },
      ),
      { numRuns: 200 },
    );
    const added = [...(await seriesOf())].filter((series) => !before.has(series));
    // Elysia may answer other methods with another status than GET: a handful, not hundreds.
    expect(added.filter((series) => !series.includes('route="none"'))).toEqual([]);
    expect(added.length).toBeLessThanOrEqual(2 * 16);
  });

  test("say who is live and watched, and how database and bus are", async () => {
    const channel = await platform.makeChannel("watched");
    const streamId = await channel.goLive();
    await platform.bus.presence.touch(
      ["ada", "bob"].map((member) => ({ set: viewersSet(streamId), member, ttl: 60_000 })),
    );
    // What was read is kept for two seconds.
    const deadline = Date.now() + 10_000;
    while (!(await lines("streamhub_viewers ")).includes("streamhub_viewers 2") && Date.now() < deadline)
      await Bun.sleep(100);
    const text = await registry.metrics();
    expect(text).toContain("\nstreamhub_streams_live 1\n");
    expect(text).toContain("\nstreamhub_viewers 2\n");
    expect(text).toContain("\nstreamhub_database_up 1\n");
    expect(text).toMatch(/\nstreamhub_database_answer_seconds 0\.\d+\n/);
    expect(text).toMatch(/\nstreamhub_database_connections\{state="active"\} [1-9]/);
    expect(text).toContain('\nstreamhub_bus_up{kind="in-process"} 1\n');
    expect(text).toContain("\nstreamhub_bus_dropped_total 0\n");
    expect(text).toContain("\nstreamhub_bus_outages_total 0\n");
  });

  test("name no secret, no address and no person", async () => {
    const user = await platform.makeUser({ username: "known-person" });
    await user.request("GET", `/api/auth/me?token=${user.refreshToken}`);
    const text = await registry.metrics();
    for (const secret of [
      "known-person",
      user.refreshToken,
      user.headers.authorization!.slice(7),
      "192.0.2.1",
      TEST_SECRET,
    ])
      expect(text).not.toContain(secret);
  });

  test("count views where they are opened", async () => {
    const bus = makeInProcessBus();
    const viewed = new Registry();
    const { db } = platform.database;
    const views = makeViews({ db, bus, secret: TEST_SECRET });
    const other = await startPlatform({ metrics: viewed, views });
    try {
      const text = await viewed.metrics();
      for (const name of ["views_opened_total", "view_heartbeats_total", "view_writes_total", "views_pending"])
        expect(text).toContain(`\nstreamhub_${name} 0\n`);
    } finally {
      await other.close();
      await bus.close();
    }
  });

  test("answer within seconds while the database is away", async () => {
    const lost = new Registry();
    const other = await startPlatform({ metrics: lost });
    await other.close();
    const began = Date.now();
    const text = await lost.metrics();
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(text).toContain("\nstreamhub_database_up 0\n");
    expect(text).toContain("\nstreamhub_streams_live Nan\n");
    expect(text).toContain('\nstreamhub_bus_up{kind="in-process"} 0\n');
  });
});

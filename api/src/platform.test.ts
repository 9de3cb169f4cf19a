/** The public reads against a real, embedded PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startPlatform, type TestPlatform } from "../test/platform.ts";
import { createClient } from "./client.ts";

let platform: TestPlatform;
let app: TestPlatform["app"];
const keys: string[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  app = platform.app;
  // In this order: ids 1 to 5.
  for (const [slug, visibility] of [
    ["alpha", "public"],
    ["hidden", "private"],
    ["quiet", "unlisted"],
    ["beta", "public"],
    ["gamma", "public"],
  ] as const) {
    const channel = await platform.makeChannel(slug, { visibility });
    keys.push(channel.streamKey);
    await channel.goLive();
    if (slug === "gamma") await channel.end();
  }
}, 60_000);

afterAll(() => platform?.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  app.handle(new Request(`http://localhost${path}`, { headers }));
const json = async (path: string) => (await get(path)).json();
/** The typed client over the app itself, as the web uses it over the network. */
const client = () =>
  createClient("http://localhost", {
    fetcher: ((url: string, init?: RequestInit) => app.handle(new Request(url, init))) as unknown as typeof fetch,
  });

describe("streams", () => {
  test("a live one carries its channel and where it plays", async () => {
    const { data } = await client().api.streams.get({ query: { live: true } });
    expect(data?.items.map((stream) => stream.channel.slug)).toEqual(["beta", "alpha"]);
    const [stream] = data?.items ?? [];
    expect(stream).toMatchObject({
      title: "Title of beta",
      isLive: true,
      endedAt: null,
      channel: { id: 4, slug: "beta", title: "Title of beta" },
      playback: { hls: "/live/beta/master.m3u8", dash: "/live/beta/manifest.mpd" },
    });
    expect(new Date(stream?.startedAt ?? "").toISOString()).toBe(stream?.startedAt ?? "");
  });

  test("lists all that started, those that are over, or those of one channel", async () => {
    const slugs = async (query: string) =>
      ((await json(`/api/streams?${query}`)) as { items: { channel: { slug: string } }[] }).items.map(
        ({ channel }) => channel.slug,
      );
    expect(await slugs("")).toEqual(["gamma", "beta", "alpha"]);
    expect(await slugs("live=false")).toEqual(["gamma"]);
    expect(await slugs("live=true&channelId=1")).toEqual(["alpha"]);
    expect(await slugs("channelId=2")).toEqual([]);
  });

  test("one that is over plays nowhere and knows how long it was", async () => {
    expect(await json("/api/streams/5")).toMatchObject({ isLive: false, duration: 0, playback: null });
  });

  test("pages follow each other without gap or overlap, and limits are bounded", async () => {
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page = (await json(`/api/streams?limit=1${cursor === null ? "" : `&cursor=${cursor}`}`)) as {
        items: { id: number }[];
        nextCursor: string | null;
      };
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([5, 4, 1]);
    for (const limit of ["0", "-5", "100000"]) expect((await get(`/api/streams?limit=${limit}`)).status).toBe(200);
  });
});

describe("channels", () => {
  test("are listed, found by id and by slug", async () => {
    expect((await client().api.channels.get()).data?.items.map(({ slug }) => slug)).toEqual(["gamma", "beta", "alpha"]);
    expect((await client().api.channels({ id: 1 }).get()).data).toMatchObject({ slug: "alpha", isLive: true });
    expect((await client().api.channels.get({ query: { slug: "alpha" } })).data?.items).toHaveLength(1);
    expect(await json("/api/channels?slug=nobody")).toEqual({ items: [], nextCursor: null });
  });

  test("unlisted ones are found by who knows them, and never listed", async () => {
    expect(await json("/api/channels/3")).toMatchObject({ slug: "quiet" });
    expect(JSON.stringify(await json("/api/channels"))).not.toContain("quiet");
  });
});

describe("what nobody may see", () => {
  const everywhere = [
    "/api/channels",
    "/api/channels/1",
    "/api/channels/2",
    "/api/channels?slug=hidden",
    "/api/channels?slug=alpha",
    "/api/streams",
    "/api/streams?live=true",
    "/api/streams?channelId=2",
    "/api/streams/1",
    "/api/streams/2",
    "/api/openapi",
  ];
  test.each(everywhere)("%s shows neither private channels nor secrets", async (path) => {
    const text = await (await get(path)).text();
    expect(text).not.toContain("Title of hidden");
    for (const key of keys) expect(text).not.toContain(key);
    // The document speaks of them, and of no one's.
    if (path !== "/api/openapi")
      expect(text).not.toMatch(/stream_?key|password|@placeholder|sealed|ingestNode|armedAt/i);
  });

  test("even that a private channel exists", async () => {
    const answers = await Promise.all(["/api/channels/2", "/api/channels/999"].map(async (path) => json(path)));
    const codes = answers.map((answer) => (answer as { code: string; status: number }).code);
    expect(codes).toEqual(["channel.not-found", "channel.not-found"]);
  });
});

describe("caching", () => {
  test.each(["/api/streams?live=true", "/api/channels", "/api/channels/1", "/api/streams/1"])("%s", async (path) => {
    const first = await get(path);
    const etag = first.headers.get("etag") ?? "";
    expect(first.headers.get("cache-control")).toMatch(/^public, max-age=0, s-maxage=\d+, stale-while-revalidate=\d+$/);
    expect(first.headers.get("content-type")).toBe("application/json");
    const again = await get(path, { "if-none-match": etag });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    expect((await get(path, { "if-none-match": '"other"' })).status).toBe(200);
  });

  test("a change has another tag", async () => {
    const before = (await get("/api/channels/4")).headers.get("etag") ?? "";
    await platform.database.sql`update channels set title = 'Beta two' where id = 4`;
    const after = await get("/api/channels/4", { "if-none-match": before });
    expect(after.status).toBe(200);
    expect(await after.json()).toMatchObject({ title: "Beta two" });
  });

  test("problems are never stored", async () => {
    expect((await get("/api/streams/999")).headers.get("cache-control")).toBe("no-store");
  });
});

describe("bad input", () => {
  test.each([
    ["/api/streams/x", "id", "path", "Expected an integer"],
    ["/api/channels/1.5", "id", "path", "Expected an integer"],
    ["/api/streams?live=maybe", "live", "query", "Expected a boolean"],
    ["/api/streams?channelId=abc", "channelId", "query", "Expected an integer"],
    ["/api/oembed?url=x&maxheight=0", "maxheight", "query", "Expected integer to be greater or equal to 1"],
    [`/api/channels?slug=${"x".repeat(101)}`, "slug", "query", "Expected string length less or equal to 100"],
  ])("%s", async (path, field, place, message) => {
    const response = await get(path);
    expect(response.status).toBe(422);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({
      code: "request.invalid",
      errors: [{ field, in: place, message }],
    });
  });

  test.each(["0", "-1", "999", "99999999999", "2147483648"])("an id that nobody has is not found: %s", async (id) => {
    expect([(await get(`/api/streams/${id}`)).status, (await get(`/api/channels/${id}`)).status]).toEqual([404, 404]);
  });

  test.each(["x", "%00", "MS4y", "'; drop table channels; --"])("a made-up cursor: %s", async (cursor) => {
    const response = await get(`/api/channels?cursor=${encodeURIComponent(cursor)}`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([422, "cursor.invalid"]);
  });

  test.each(["'; --", "\0", "a\0b", "ночь", "../etc", "ALPHA"])("a slug that nobody has: %j", async (slug) => {
    const response = await get(`/api/channels?slug=${encodeURIComponent(slug)}`);
    expect([response.status, ((await response.json()) as { items: unknown[] }).items]).toEqual([200, []]);
  });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));

test("a short host name is an address like any other", async () => {
  expect((await app.handle(new Request("http://tv/api/health"))).status).toBe(200);
});

/** What all answers have in common, over the whole API on a real PostgreSQL, with the shared cache and a clock of its own. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";

const ORIGIN = "https://friend.example.org";
let time = Date.parse("2026-11-25T12:00:00Z");
let platform: TestPlatform;

beforeAll(async () => {
  platform = await startPlatform({
    keepAnswers: true,
    now: () => time,
    corsOrigins: [ORIGIN],
    publicUrl: "https://live.example.org",
  });
  // Enough to be worth compressing.
  for (let i = 1; i <= 5; i++)
    await platform.makeChannel(`channel-${i}`, { description: "Words and words. ".repeat(20) });
}, 60_000);
afterAll(() => platform?.close());

const get = (path: string, headers: Record<string, string> = {}) => platform.request("GET", path, undefined, headers);
const later = (seconds: number) => {
  time += seconds * 1000;
};
const code = async (response: Response) => ((await response.json()) as { code: string }).code;

describe("every answer", () => {
  test.each([
    ["GET", "/api/channels", 200],
    ["GET", "/api/channels/999", 404],
    ["GET", "/api/nope", 404],
    ["POST", "/api/channels", 401],
    ["PATCH", "/api/channels", 405],
    ["OPTIONS", "/api/channels", 204],
    ["HEAD", "/api/channels", 200],
    ["GET", "/api/openapi", 200],
  ])("%s %s is safe to open, and names the request", async (method, path, status) => {
    const { headers, status: got } = await platform.request(method, path);
    expect(got).toBe(status);
    expect(headers.get("content-security-policy")).toStartWith("default-src 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("methods", () => {
  test("an address that answers others says which", async () => {
    const response = await platform.request("PATCH", "/api/channels/1");
    expect(response.headers.get("allow")).toBe("DELETE, GET, HEAD, OPTIONS, PUT");
    expect([response.status, await code(response)]).toEqual([405, "route.method"]);
  });

  test.each(["/api/channels", "/api/channels/1", "/api/health", "/api/documents/terms", "/api/channels/999"])(
    "HEAD %s is GET without the body",
    async (path) => {
      const [head, whole] = [await platform.request("HEAD", path), await get(path)];
      const body = await whole.arrayBuffer();
      const of = ({ headers }: Response) =>
        ["etag", "content-type", "cache-control", "vary"].map((name) => headers.get(name));
      expect([head.status, of(head), await head.text()]).toEqual([whole.status, of(whole), ""]);
      if (whole.ok) expect(head.headers.get("content-length")).toBe(String(body.byteLength));
    },
  );

  test("HEAD knows whose request it is", async () => {
    const user = await platform.makeUser();
    const channel = await platform.makeChannel("mine-alone", { visibility: "private", owner: user });
    expect((await user.request("HEAD", `/api/channels/${channel.id}`)).status).toBe(200);
    expect((await platform.request("HEAD", `/api/channels/${channel.id}`)).status).toBe(404);
  });
});

describe("other origins", () => {
  test("of the list may read, with credentials", async () => {
    for (let round = 0; round < 2; round++) {
      const { headers } = await get("/api/channels", { origin: ORIGIN });
      expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(headers.get("access-control-allow-credentials")).toBe("true");
      expect(headers.get("access-control-expose-headers")).toContain("ETag");
      expect(headers.get("vary")).toMatch(/\bOrigin\b/);
    }
  });

  test.each(["https://evil.example.org", "null", `${ORIGIN}.evil.org`, "http://friend.example.org"])(
    "%s gets no leave, also where a leave was given before",
    async (origin) => {
      await get("/api/channels", { origin: ORIGIN });
      const { headers, status } = await get("/api/channels", { origin });
      expect([status, headers.get("access-control-allow-origin")]).toEqual([200, null]);
      const ask = { origin, "access-control-request-method": "PUT" };
      const preflight = await platform.request("OPTIONS", "/api/channels/1", undefined, ask);
      expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    },
  );

  test("may ask before they write", async () => {
    const ask = { origin: ORIGIN, "access-control-request-method": "PUT" };
    const { status, headers } = await platform.request("OPTIONS", "/api/channels/1", undefined, ask);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-methods")).toBe("DELETE, GET, HEAD, OPTIONS, PUT");
    expect(headers.get("access-control-allow-headers")).toContain("X-CSRF-Token");
    expect((await platform.request("OPTIONS", "/api/nope", undefined, ask)).status).toBe(404);
  });
});

describe("compression", () => {
  const CODINGS = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;

  test.each(["gzip", "br", "zstd"] as const)("%s, from the routes and from the cache", async (coding) => {
    later(60);
    const plain = await get("/api/channels?limit=50");
    for (const path of ["/api/channels?limit=50", `/api/channels?limit=50&fresh=${coding}`]) {
      const response = await get(path, { "accept-encoding": coding });
      expect(response.headers.get("content-encoding")).toBe(coding);
      expect(response.headers.get("vary")).toMatch(/accept-encoding/i);
      expect(response.headers.get("etag")).toBe(plain.headers.get("etag")!.replace(/"$/, `-${coding}"`));
      const text = CODINGS[coding](await response.arrayBuffer()).toString();
      expect(JSON.parse(text).items).toHaveLength(5);
    }
  });

  test.each([
    [undefined, null],
    ["identity", null],
    ["gzip;q=0", null],
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["*", "zstd"],
    ["*;q=0", null],
    ["nonsense;;;q=x, ,", null],
    ["identity, gzip;q=0.5", null],
  ])("Accept-Encoding: %s", async (accepted, coding) => {
    const response = await get("/api/channels", accepted === undefined ? {} : { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(coding);
  });

  test("a compressed form that is still good is not sent again", async () => {
    for (const path of ["/api/channels?limit=49", "/api/channels?limit=49", "/api/channels?limit=48"]) {
      later(path.endsWith("48") ? 60 : 0);
      const etag = (await get(path, { "accept-encoding": "br" })).headers.get("etag") ?? "";
      const again = await get(path, { "accept-encoding": "br", "if-none-match": etag });
      expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([304, etag, ""]);
    }
  });

  test("neither short answers nor secrets are compressed", async () => {
    expect((await get("/api/health", { "accept-encoding": "gzip" })).headers.has("content-encoding")).toBe(false);
    const user = await platform.makeUser();
    const { id } = await platform.makeChannel("secretive", { owner: user });
    const key = await user.request("GET", `/api/channels/${id}/stream-key`, undefined, { "accept-encoding": "gzip" });
    expect([key.status, key.headers.get("content-encoding")]).toEqual([200, null]);
  });
});

describe("kept answers", () => {
  const titles = async (headers: Record<string, string> = {}) =>
    ((await (await get("/api/channels?slug=channel-1", headers)).json()) as { items: { title: string }[] }).items.map(
      ({ title }) => title,
    );
  const rename = (title: string) =>
    platform.database.sql`update channels set title = ${title} where slug = 'channel-1'`;

  test("are as old as they allow, and no older", async () => {
    later(60);
    await rename("Before");
    expect(await titles()).toEqual(["Before"]);
    await rename("After");
    expect(await titles()).toEqual(["Before"]);
    later(1);
    expect(await titles()).toEqual(["After"]);
  });

  test("are not for those who say who they are, and not made from what those see", async () => {
    later(60);
    await rename("Kept");
    await titles();
    await rename("New");
    const user = await platform.makeUser();
    expect(await titles(user.headers)).toEqual(["New"]);
    expect(await titles({ cookie: `a=b; streamhub_access=${user.headers.authorization!.slice(7)}` })).toEqual(["New"]);
    expect(await titles({ cookie: "streamhub_access=nonsense" })).toEqual(["New"]);
    expect(await titles()).toEqual(["Kept"]);
    later(60);
    const hidden = await platform.makeChannel("for-one", { visibility: "private", owner: user });
    const path = `/api/channels/${hidden.id}`;
    expect([(await get(path, user.headers)).status, (await get(path)).status]).toEqual([200, 404]);
  });

  test("are forgotten with a change that this process makes", async () => {
    const user = await platform.makeUser();
    const { id } = await platform.makeChannel("changing", { owner: user });
    const title = async () => ((await (await get(`/api/channels/${id}`)).json()) as { title: string }).title;
    await title();
    expect((await user.request("PUT", `/api/channels/${id}`, { title: "Changed" })).status).toBe(200);
    expect(await title()).toBe("Changed");
    expect((await user.request("DELETE", `/api/channels/${id}`)).status).toBe(204);
    expect((await get(`/api/channels/${id}`)).status).toBe(404);
  });

  test("do not mix languages, failures or queries", async () => {
    const language = async (accept: string) =>
      (await get("/api/documents/terms", { "accept-language": accept })).headers.get("content-language");
    expect([await language("ru"), await language("en"), await language("ru")]).toEqual(["ru", "en", "ru"]);
    expect((await get("/api/channels/12345")).status).toBe(404);
    const { id } = await platform.makeChannel("one-more");
    expect((await get(`/api/channels/${id}`)).status).toBe(200);
    const slugs = async (query: string) =>
      ((await (await get(`/api/channels?${query}`)).json()) as { items: unknown[] }).items.length;
    expect([await slugs("slug=channel-1"), await slugs("slug=nobody"), await slugs("limit=2")]).toEqual([1, 0, 2]);
  });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));

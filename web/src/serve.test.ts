import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSite, type Site } from "./serve.ts";

let root: string;
let site: Site;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "streamhub-site-"));
  mkdirSync(join(root, "dist/assets"), { recursive: true });
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(root, "dist/index.html"), "<!doctype html><title>StreamHub</title>");
  writeFileSync(join(root, "dist/favicon.svg"), "<svg/>");
  writeFileSync(join(root, "dist/.hidden.txt"), "hidden");
  writeFileSync(join(root, "dist/assets/main-abc.js"), `console.log(${JSON.stringify("x".repeat(4000))})`);
  site = makeSite({ distDir: join(root, "dist") });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PAGE = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

async function ask(path: string, init: RequestInit = {}): Promise<Response | null> {
  return site(new Request(`http://localhost${path}`, init));
}

test("pages are the index, never cached blindly, with the security headers", async () => {
  for (const path of ["/", "/watch/night-train", "/watch/night-train/"]) {
    const response = await ask(path, { headers: PAGE });
    expect(response?.status).toBe(200);
    expect(response?.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response?.headers.get("cache-control")).toBe("no-cache");
    expect(response?.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response?.headers.get("referrer-policy")).toBe("strict-origin-when-cross-origin");
    const policy = response?.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("worker-src 'self' blob:");
    expect(policy).not.toContain("unsafe");
  }
});

test("an address without a page shows the same page with status 404", async () => {
  const response = await ask("/no/such/page", { headers: PAGE });
  expect([response?.status, await response?.text()]).toEqual([404, "<!doctype html><title>StreamHub</title>"]);
});

test("a page is also found by clients that accept anything", async () => {
  expect((await ask("/"))?.status).toBe(200);
  expect((await ask("/", { headers: { accept: "*/*" } }))?.status).toBe(200);
  expect(await ask("/missing.js", { headers: { accept: "*/*" } })).toBeNull();
  expect(await ask("/", { headers: { accept: "application/json" } })).toBeNull();
});

test("API, media and metrics belong to somebody else, and so do writes", async () => {
  for (const path of ["/api/none", "/api", "/live/x/master.m3u8", "/vod/1/manifest.mpd", "/metrics"]) {
    expect(await ask(path, { headers: PAGE })).toBeNull();
  }
  expect(await ask("/", { method: "POST", headers: PAGE })).toBeNull();
});

test("hashed assets are immutable, compressed on request, and revalidate by tag", async () => {
  const plain = await ask("/assets/main-abc.js");
  expect(plain?.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(plain?.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  const text = await plain?.text();
  const zipped = await ask("/assets/main-abc.js", { headers: { "accept-encoding": "br, gzip" } });
  expect(zipped?.headers.get("content-encoding")).toBe("gzip");
  const bytes = new Uint8Array((await zipped?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(new TextDecoder().decode(Bun.gunzipSync(bytes))).toBe(text ?? "");
  const etag = zipped?.headers.get("etag") ?? "";
  expect(etag).not.toBe(plain?.headers.get("etag") ?? "");
  const again = await ask("/assets/main-abc.js", { headers: { "accept-encoding": "gzip", "if-none-match": etag } });
  expect(again?.status).toBe(304);
});

test("HEAD has the headers of GET and no body", async () => {
  const response = await ask("/favicon.svg", { method: "HEAD" });
  expect([response?.status, response?.headers.get("content-length"), await response?.text()]).toEqual([200, "6", ""]);
  expect(response?.headers.get("content-type")).toBe("image/svg+xml");
});

test.each([
  "/../secret.txt",
  "/assets/../../secret.txt",
  "/..%2fsecret.txt",
  "/%2e%2e/secret.txt",
  "/%2e%2e%2fsecret.txt",
  "/..%5csecret.txt",
  "/assets/..%2f..%2fsecret.txt",
  "//secret.txt",
  "/assets/%00",
  "/%ff%fe",
  "/.hidden.txt",
  "/assets",
  "/assets/",
  "/__proto__",
  "/index.html%00.js",
])("a hostile path finds nothing: %s", async (path) => {
  expect(await ask(path, { headers: { accept: "*/*" } })).toBeNull();
  const page = await ask(path, { headers: PAGE });
  expect([page?.status, await page?.text()]).toEqual([404, "<!doctype html><title>StreamHub</title>"]);
});

test("before the first build a page view says what to run; a later build is noticed", async () => {
  const distDir = join(root, "later");
  const later = makeSite({ distDir });
  const view = async () => later(new Request("http://localhost/", { headers: PAGE }));
  expect((await view())?.status).toBe(503);
  mkdirSync(distDir);
  writeFileSync(join(distDir, "index.html"), "one");
  expect(await (await view())?.text()).toBe("one");
  writeFileSync(join(distDir, "index.html"), "two");
  utimesSync(join(distDir, "index.html"), new Date(), new Date(Date.now() + 5000));
  expect(await (await view())?.text()).toBe("two");
});

test("one page may be shown in frames, and only that one", async () => {
  writeFileSync(join(root, "dist/embed.html"), "<!doctype html><title>Player</title>");
  utimesSync(join(root, "dist/index.html"), new Date(), new Date(Date.now() + 5_000));
  const response = await ask("/embed/north-sea", { headers: PAGE });
  expect([response?.status, await response?.text()]).toEqual([200, "<!doctype html><title>Player</title>"]);
  expect(response?.headers.get("content-security-policy")).toContain("frame-ancestors *");
  expect(response?.headers.get("content-security-policy")).not.toContain("unsafe");
  const page = await ask("/watch/north-sea", { headers: PAGE });
  expect(page?.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect((await ask("/embed/a/b", { headers: PAGE }))?.status).toBe(404);
});

test("a page says what it shows to machines that run no scripts, and escapes it", async () => {
  writeFileSync(join(root, "dist/index.html"), "<!doctype html><head><title>StreamHub</title></head>");
  const described = makeSite({
    distDir: join(root, "dist"),
    describe: async (path) =>
      path === "/watch/north-sea"
        ? {
            title: 'A <b>"$&',
            description: "Wide\n and cold",
            picture: "/uploads/a.webp",
            isLive: true,
            feed: "/watch/north-sea/feed.xml",
          }
        : path === "/watch/plain"
          ? { title: "Plain", description: null, picture: null, isLive: false, feed: null }
          : null,
  });
  const read = async (path: string) =>
    (await described(new Request(`https://tv.example${path}`, { headers: PAGE })))?.text() ?? "";
  const html = await read("/watch/north-sea");
  expect(html).toContain("<title>A &lt;b&gt;&quot;$&amp; · StreamHub</title>");
  expect(html).toContain('<meta property="og:description" content="Wide and cold" />');
  expect(html).toContain('<meta property="og:image" content="https://tv.example/uploads/a.webp" />');
  expect(html).toContain(
    'type="application/json+oembed" href="https://tv.example/api/oembed?url=https%3A%2F%2Ftv.example%2Fwatch%2Fnorth-sea"',
  );
  expect(html).toContain('type="application/atom+xml" href="https://tv.example/watch/north-sea/feed.xml"');
  expect(html).toContain('<meta name="twitter:card" content="summary_large_image" />');
  // What has no picture shows the site's.
  const plain = await read("/watch/plain");
  expect(plain).toContain('<meta property="og:image" content="https://tv.example/icon-512.png" />');
  expect(plain).toContain('<meta name="twitter:card" content="summary" />');
  expect(await read("/watch/nobody")).toBe("<!doctype html><head><title>StreamHub</title></head>");
});

describe("the first answers of the API", () => {
  const LIVE = "/api/streams?live=true&limit=24";
  const CHANNEL = "/api/channels?slug=north-sea";
  const stream = {
    startedAt: "2020-01-01T00:00:00Z",
    thumbnailUrl: "/live/north-sea/thumbnail.webp",
    coverImageUrl: null,
    channel: { thumbnailUrl: null },
    title: "</script><b>",
  };
  const known: Readonly<Record<string, unknown>> = {
    [LIVE]: { items: [stream] },
    "/api/site": { sendsMail: false },
    [CHANNEL]: { items: [{ id: 7, isLive: true }] },
    "/api/streams?channelId=7&live=true&limit=1": { items: [stream] },
    "/api/streams?status=planned&limit=6&channelId=7": { items: [] },
    "/api/channels?slug=nobody": { items: [] },
  };
  const asked: string[] = [];
  function answering(ask?: (address: string) => Promise<unknown>): Site {
    writeFileSync(join(root, "dist/index.html"), "<!doctype html><head></head><body></body>");
    return makeSite({
      distDir: join(root, "dist"),
      ask: async (address) => {
        asked.push(address);
        const body = ask === undefined ? known[address] : await ask(address);
        return body === undefined ? null : { etag: '"1"', body: JSON.stringify(body) };
      },
    });
  }
  async function answersOf(site: Site, path: string, headers: Record<string, string> = {}) {
    const page = await site(new Request(`https://tv.example${path}`, { headers: { ...PAGE, ...headers } }));
    const found = /<script type="application\/json" id="answers">(.*?)<\/script>/.exec((await page?.text()) ?? "")?.[1];
    return found === undefined ? null : (JSON.parse(found) as Record<string, { etag: string; body: unknown }>);
  }

  test("come with the page, and what is in them can't end the block", async () => {
    const home = await answersOf(answering(), "/");
    expect(home?.[LIVE]).toEqual({ etag: '"1"', body: known[LIVE] });
    expect(Object.keys(home ?? {})).toEqual([LIVE, "/api/site"]);
    const watch = await answersOf(answering(), "/watch/north-sea");
    expect(watch?.[CHANNEL]?.body).toEqual(known[CHANNEL]);
    expect(watch?.["/api/streams?channelId=7&live=true&limit=1"]?.body).toEqual({ items: [stream] });
    expect(Object.keys((await answersOf(answering(), "/watch/nobody")) ?? {})).toEqual(["/api/channels?slug=nobody"]);
  });

  test("are a guest's: who is signed in asks for their own", async () => {
    asked.length = 0;
    const cookie = "a=b; streamhub_csrf=abc";
    expect(await answersOf(answering(), "/", { cookie })).toBeNull();
    expect(await answersOf(answering(), "/watch/north-sea", { cookie })).toBeNull();
    expect(asked).toEqual([]);
  });

  test("are asked for no other page, and none waits for them for ever", async () => {
    asked.length = 0;
    for (const path of ["/settings", "/v/1", "/watch/%22"]) expect(await answersOf(answering(), path)).toBeNull();
    expect(asked).toEqual([]);
    const silent = answering(() => new Promise(() => {}));
    expect(await answersOf(silent, "/")).toBeNull();
    const broken = answering(() => Promise.reject(new Error("no database")));
    expect(await answersOf(broken, "/")).toBeNull();
  });
});

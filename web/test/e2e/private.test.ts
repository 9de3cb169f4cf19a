/** A private channel in a real browser: nothing for a stranger, everything for its owner, for longer than one token lasts. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import {
  makeDataDir,
  type Publisher,
  publish,
  removeDataDir,
  startServer,
  type TestServer,
} from "../../../cli/e2e/server.ts";
import { builtSite } from "../built-site.ts";
import { openBrowser, type TestBrowser, videoAdvances } from "./browser.ts";

setDefaultTimeout(180_000);

const SLUG = "attic";
const ACCOUNT = { username: "ada", email: "ada@example.org", password: "correct horse battery staple" };
let dataDir: string;
let server: TestServer;
let encoder: Publisher;
let browser: TestBrowser;

beforeAll(async () => {
  await builtSite();
  dataDir = makeDataDir();
  server = await startServer({ dataDir });
  const ask = async (method: string, path: string, body?: unknown, token = "") => {
    const headers = {
      "content-type": "application/json",
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
    };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(`${server.site}${path}`, init);
    return (await answer.json()) as Record<string, string>;
  };
  const { accessToken } = await ask("POST", "/api/auth/register", ACCOUNT);
  const channel = { slug: SLUG, title: "Attic", visibility: "private" };
  const { id } = await ask("POST", "/api/channels", channel, accessToken);
  const { streamKey } = await ask("GET", `/api/channels/${id}/stream-key`, undefined, accessToken);
  encoder = publish(`${server.rtmp}/${streamKey}`, { seconds: 600 });
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.close();
  await encoder?.stop();
  await server?.stop();
  removeDataDir(dataDir);
});

/** The cookies are the browser's from then on. Before any page is open: one that did not sign in itself renews access at its next request, and may be left in the middle of that. */
async function signIn(page: Page): Promise<void> {
  const { username, password } = ACCOUNT;
  const answer = await page
    .context()
    .request.post(`${server.site}/api/auth/login`, { data: { login: username, password } });
  expect(answer.status()).toBe(200);
}

test("a stranger finds no such channel, its owner watches it over many tokens without a stop", async () => {
  const stranger = await browser.view();
  await stranger.page.goto(`${server.site}/watch/${SLUG}`);
  await stranger.page.getByRole("heading", { level: 1 }).waitFor();
  expect(await stranger.page.locator("video").count()).toBe(0);
  // Not even with its address: what plays elsewhere plays with a token.
  const statuses = await stranger.page.evaluate(async (slug) => {
    const paths = [`/live/${slug}/master.m3u8`, `/live/${slug}/manifest.mpd`, `/live/${slug}/thumbnail.webp`];
    return Promise.all(paths.map(async (path) => (await fetch(path)).status));
  }, SLUG);
  expect(statuses).toEqual([404, 404, 404]);

  const { page, errors } = await browser.view();
  await signIn(page);
  // Tokens that say they last for five seconds are renewed after four.
  await page.route("**/playback-token", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), expiresIn: 5 } });
  });
  const tokens = new Map<string, Set<string>>();
  const refused: string[] = [];
  page.on("response", (response) => {
    const url = new URL(response.url());
    if (!url.pathname.startsWith(`/live/${SLUG}`)) return;
    if (response.status() >= 400) refused.push(`${response.status()} ${url.pathname}`);
    const kind = url.pathname.split(".").at(-1)!;
    tokens.set(kind, (tokens.get(kind) ?? new Set()).add(url.searchParams.get("token") ?? "none"));
  });
  await page.goto(`${server.site}/watch/${SLUG}`);
  await page.locator('video[data-player="hls"]').waitFor({ timeout: 30_000 });
  await page.evaluate(() => document.documentElement.setAttribute("data-test", "the same page"));
  await videoAdvances(page, 12, 60_000);
  for (const kind of ["m3u8", "m4s"]) {
    expect(tokens.get(kind)!.size).toBeGreaterThan(1);
    expect(tokens.get(kind)!.has("none")).toBeFalse();
  }
  const session = await page.evaluate(() => JSON.stringify(Object.entries(sessionStorage)));
  expect(session).toMatch(/streamhub\.player\.channel\.\d+","[A-Za-z0-9_-]{12}"/);

  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("radio", { name: "DASH" }).check({ force: true });
  await page.locator('video[data-player="dash"]').waitFor({ timeout: 30_000 });
  tokens.clear();
  await videoAdvances(page, 12, 60_000);
  for (const kind of ["mpd", "m4s"]) {
    expect(tokens.get(kind)!.size).toBeGreaterThan(1);
    expect(tokens.get(kind)!.has("none")).toBeFalse();
  }
  expect(await page.locator("html").getAttribute("data-test")).toBe("the same page");
  expect(refused.filter((each) => !each.includes("storyboard") && !each.includes("thumbnail"))).toEqual([]);
  expect(errors.filter((each) => !each.includes("storyboard"))).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain("token=");
  await stranger.page.context().close();
  await page.context().close();
});

test("another site's page plays it with a token, and goes on with the next one", async () => {
  const { page } = await browser.view();
  const headers = { "content-type": "application/json" };
  const login = { login: ACCOUNT.username, password: ACCOUNT.password };
  const post = async (path: string, body: object, more = {}) =>
    (await (
      await fetch(server.site + path, { method: "POST", headers: { ...headers, ...more }, body: JSON.stringify(body) })
    ).json()) as Record<string, string>;
  const { accessToken } = await post("/api/auth/login", login);
  const bearer = { authorization: `Bearer ${accessToken}` };
  const list = await fetch(`${server.site}/api/channels?slug=${SLUG}`, { headers: bearer });
  const { items } = (await list.json()) as { items: { id: number }[] };
  const ticket = (session?: string) => post(`/api/channels/${items[0]!.id}/playback-token`, { session }, bearer);
  const { token, session } = await ticket();
  const elsewhere = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () =>
      new Response(
        `<!doctype html><iframe width="640" height="360" allow="autoplay" src="${server.site}/embed/${SLUG}?token=${token}"></iframe>`,
        { headers: { "content-type": "text/html" } },
      ),
  });
  const used = new Set<string>();
  page.on("request", (request) => used.add(new URL(request.url()).searchParams.get("token") ?? ""));
  await page.goto(elsewhere.url.href);
  const frame = page.frameLocator("iframe");
  await frame.locator('video[data-state="playing"]').waitFor({ timeout: 60_000 });
  const next = (await ticket(session)).token!;
  expect(next).not.toBe(token);
  await page.evaluate((given) => {
    document.querySelector("iframe")?.contentWindow?.postMessage({ type: "streamhub.token", token: given }, "*");
  }, next);
  while (!used.has(next)) await page.waitForTimeout(100);
  await frame.locator('video[data-state="playing"]').waitFor();
  await elsewhere.stop(true);
  await page.context().close();
});

test("a fourth player is told why it waits, and plays when there is room", async () => {
  const players = [];
  for (let n = 0; n < 3; n++) {
    const { page } = await browser.view();
    await signIn(page);
    await page.goto(`${server.site}/watch/${SLUG}`);
    // The places of the tests before are free after half a minute.
    await videoAdvances(page, 1, 90_000);
    players.push(page);
  }
  const { page } = await browser.view();
  await signIn(page);
  await page.goto(`${server.site}/watch/${SLUG}`);
  const sentence = page.getByText(/^Three players of your account are watching already/);
  await sentence.waitFor({ timeout: 30_000 });
  await players[0]!.context().close();
  await videoAdvances(page, 1, 90_000);
  expect(await sentence.count()).toBe(0);
  for (const other of [players[1]!, players[2]!, page]) await other.context().close();
});

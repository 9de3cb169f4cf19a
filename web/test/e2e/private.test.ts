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
  encoder = publish(`${server.rtmp}/${streamKey}`);
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
});

/** What a viewer does, on the real server with a real encoder: comes upon a broadcast, watches, finds, embeds, and sits through every mishap. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page, Request } from "playwright-core";
import {
  makeDataDir,
  type Publisher,
  publish,
  removeDataDir,
  startServer,
  type TestServer,
} from "../../../cli/e2e/server.ts";
import { builtSite } from "../built-site.ts";
import { violations } from "./accessibility.ts";
import { chooseDelivery, openBrowser, type TestBrowser, videoAdvances, videoTime } from "./browser.ts";

setDefaultTimeout(240_000);

/** What a page would ask first. */
const FIRST_ASKED = [/^\/api\/streams\?(live|status)=/, /^\/api\/site$/, /^\/api\/channels\?slug=/];

let server: TestServer;
let browser: TestBrowser;
let dataDir: string;
let encoder: Publisher | null = null;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  await builtSite();
  dataDir = makeDataDir();
  server = await startServer({ dataDir });
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await encoder?.stop();
  await browser?.close();
  await server?.stop();
  removeDataDir(dataDir);
}, 60_000);
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

async function view(path: string, options: Parameters<TestBrowser["view"]>[0] = {}) {
  const opened = await browser.view(options);
  cleanUps.push(() => opened.page.context().close());
  await opened.page.goto(server.site + path);
  return opened;
}
function encode(): void {
  encoder ??= publish(`${server.rtmp}/${server.streamKey}`, { seconds: 1200 });
}
const engine = (page: Page, kind: string) => page.locator(`video[data-player="${kind}"]`).waitFor({ timeout: 60_000 });
/** Waits for a latency that is shown and below so many seconds. */
async function latencyBelow(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction(
    (most) => {
      const shown = Number(document.querySelector(".live-latency")?.getAttribute("data-latency") ?? Number.NaN);
      return shown > 0 && shown < most;
    },
    seconds,
    { timeout: 60_000 },
  );
}

describe("a viewer", () => {
  test("sees a broadcast appear without a reload, and watches it: low-latency HLS, then DASH, then frame by frame", async () => {
    const { page, errors } = await view("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    encode();
    await page.getByRole("link", { name: /Main channel/ }).click({ timeout: 60_000 });
    await engine(page, "hls");
    await videoAdvances(page, 4, 60_000);
    await latencyBelow(page, 6);
    await page.getByText(/^[1-9]\d* viewers?$/).waitFor({ timeout: 60_000 });
    for (const [name, kind, most] of [
      ["DASH", "dash", 6],
      ["Ultra low latency", "frames", 3],
    ] as const) {
      await chooseDelivery(page, name);
      await engine(page, kind);
      await videoAdvances(page, 3, 60_000);
      await latencyBelow(page, most);
    }
    expect(errors).toEqual([]);
  });

  test.each([
    ["hls", null],
    ["frames", "Ultra low latency"],
  ] as const)(
    "%s: the encoder is killed and comes back two seconds later, and it plays on without a reload",
    async (kind, name) => {
      encode();
      const { page } = await view(`/watch/${server.slug}`);
      await engine(page, "hls");
      if (name !== null) await chooseDelivery(page, name);
      await engine(page, kind);
      await videoAdvances(page, 2, 60_000);
      await page.evaluate(() => {
        document.documentElement.dataset.kept = "yes";
      });
      await encoder?.stop();
      encoder = null;
      await Bun.sleep(2000);
      encode();
      // Further than all that had been buffered, so that the discontinuity is behind it.
      await videoAdvances(page, 12, 120_000);
      expect(await page.evaluate(() => document.documentElement.dataset.kept)).toBe("yes");
      expect(await page.locator("video").getAttribute("data-state")).toBe("playing");
    },
  );

  test("is shown a page by the answers that came with it, and asks only whether they still hold", async () => {
    encode();
    const { page } = await view(`/watch/${server.slug}`);
    await engine(page, "hls");
    for (const [path, shown] of [
      ["/", page.getByRole("link", { name: /Main channel/ })],
      [`/watch/${server.slug}`, page.getByRole("heading", { name: "Main channel" })],
    ] as const) {
      const unknowing: string[] = [];
      const onRequest = (request: Request) => {
        const address = request.url().replace(server.site, "");
        const isFirst = FIRST_ASKED.some((asked) => asked.test(address));
        if (isFirst && request.headers()["if-none-match"] === undefined) unknowing.push(address);
      };
      page.on("request", onRequest);
      // By then the page has asked again, as it does when events arrive.
      const again = page.waitForRequest((request) => request.headers()["if-none-match"] !== undefined);
      await page.goto(server.site + path);
      await shown.first().waitFor();
      await again;
      page.off("request", onRequest);
      expect(unknowing).toEqual([]);
    }
  });

  test("finds a channel while typing, by keyboard alone", async () => {
    encode();
    const { page, errors } = await view("/");
    const field = page.getByRole("combobox", { name: "Search" });
    await field.focus();
    await page.keyboard.type("main");
    const option = page.getByRole("option", { name: /Main channel/ }).first();
    await option.waitFor();
    await page.keyboard.press("ArrowDown");
    expect(await option.getAttribute("aria-selected")).toBe("true");
    expect(await field.getAttribute("aria-activedescendant")).toBe(await option.getAttribute("id"));
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/watch/${server.slug}`);
    await page.goto(`${server.site}/search?q=nothing-of-this-name`);
    await page.getByText("Nothing fits “nothing-of-this-name”.").first().waitFor();
    expect(errors).toEqual([]);
  });

  test("has the keys of every other player, anywhere on the page", async () => {
    encode();
    const { page } = await view(`/watch/${server.slug}`);
    await engine(page, "hls");
    await videoAdvances(page, 1, 60_000);
    const state = () =>
      page.evaluate(() => {
        const { muted, paused, volume } = document.querySelector("video")!;
        return { muted, paused, volume };
      });
    await page.keyboard.press("m");
    expect((await state()).muted).toBe(false);
    await page.keyboard.press("ArrowDown");
    expect((await state()).volume).toBeCloseTo(0.95);
    await page.keyboard.press("t");
    await page.locator(".watch-theatre").waitFor();
    await page.keyboard.press("t");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.fullscreenElement?.classList.contains("player"));
    await page.keyboard.press("f");
    await page.waitForFunction(() => document.fullscreenElement === null);
    await page.keyboard.press("k");
    await page.locator("video[data-state=paused]").waitFor();
    // Back in time, and to the newest moment again.
    await page.locator(".scrub").waitFor({ timeout: 60_000 });
    const at = await videoTime(page);
    await page.keyboard.press("j");
    expect(await videoTime(page)).toBeLessThan(at - 5);
    await page.keyboard.press("End");
    await videoAdvances(page, 1, 60_000);
    await latencyBelow(page, 8);
  });

  test("watches in another site's page", async () => {
    encode();
    const other = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () =>
        new Response(
          `<!doctype html><title>Elsewhere</title><iframe src="${server.site}/embed/${server.slug}" width="640" height="360" allow="autoplay"></iframe>`,
          { headers: { "content-type": "text/html" } },
        ),
    });
    cleanUps.push(() => other.stop(true));
    const { page, errors } = await view("/");
    await page.goto(other.url.href);
    const frame = page.frames().find((each) => each.url().includes("/embed/"))!;
    const video = frame.locator('video[data-state="playing"]');
    await video.waitFor({ timeout: 60_000 });
    const time = () => video.evaluate((element) => (element as HTMLVideoElement).currentTime);
    const before = await time();
    await frame.waitForFunction((from) => (document.querySelector("video")?.currentTime ?? 0) > from + 2, before);
    expect(errors).toEqual([]);
  });

  for (const [colorScheme, locale] of [
    ["light", "en-GB"],
    ["dark", "ru-RU"],
  ] as const)
    test(`axe-core finds nothing: ${colorScheme}, ${locale}`, async () => {
      encode();
      for (const path of [`/watch/${server.slug}`, "/search?q=main", `/embed/${server.slug}`]) {
        const { page } = await view(path, { colorScheme, locale, reducedMotion: "reduce" });
        if (path.startsWith("/search")) await page.locator(".channel-row").first().waitFor();
        else {
          await videoAdvances(page, 0.5, 60_000);
          await page.locator(".menu-place > button").click();
          await page.locator(".menu").waitFor();
        }
        expect({ path, found: await violations(page) }).toEqual({ path, found: [] });
        if (path.startsWith("/search")) continue;
        await page.keyboard.press("Escape");
        await page.locator("video").focus();
        await page.keyboard.press("?");
        await page.locator(".sheet").waitFor();
        expect({ path, found: await violations(page) }).toEqual({ path, found: [] });
      }
    });

  test("sees the recording afterwards", async () => {
    encode();
    const { page, errors } = await view(`/watch/${server.slug}`);
    await engine(page, "hls");
    await videoAdvances(page, 3, 60_000);
    await encoder?.stop();
    encoder = null;
    // The grace time of an encoder that is gone.
    await page.getByText("The broadcast is over").waitFor({ timeout: 90_000 });
    await page.getByRole("link", { name: "Last broadcast" }).click({ timeout: 90_000 });
    await page.waitForURL("**/v/*");
    await engine(page, "hls");
    await videoAdvances(page, 2, 60_000);
    const at = await videoTime(page);
    await page.keyboard.press("ArrowRight");
    expect(await videoTime(page)).toBeGreaterThan(at + 3);
    await page.keyboard.press("0");
    expect(await videoTime(page)).toBeLessThan(2);
    await page.getByRole("button", { name: "Share" }).click();
    await page
      .getByRole("dialog")
      .getByText(/\/v\/\d+/)
      .waitFor();
    // The player asks for what is to come next when the encoder is gone, and is told that it is late.
    expect(errors.filter((error) => !error.includes("503"))).toEqual([]);
  });
});

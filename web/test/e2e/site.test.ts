/** The site in a real browser, on a real database, with live media from ffmpeg. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestChannel } from "@streamhub/api/testing";
import { publishStreamChange } from "@streamhub/db";
import type { Page } from "playwright-core";
import { violations } from "./accessibility.ts";
import { chooseDelivery, openBrowser, type TestBrowser, videoAdvances, videoTime } from "./browser.ts";
import { type LiveMedia, startLiveMedia } from "./live-media.ts";
import { type SiteUnderTest, startSite } from "./site-under-test.ts";

let mediaDir: string;
let media: LiveMedia;
let site: SiteUnderTest;
let browser: TestBrowser;
let channel: TestChannel;

beforeAll(async () => {
  mediaDir = mkdtempSync(join(tmpdir(), "streamhub-media-"));
  media = await startLiveMedia(mediaDir);
  site = await startSite((_slug, name) => media.serve(name));
  browser = await openBrowser();
  channel = await site.platform.makeChannel("night-train", { title: "Night Train" });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await media?.close();
  rmSync(mediaDir, { recursive: true, force: true });
}, 30_000);

let streamId = 0;
const tell = (type: "stream.started" | "stream.ended") =>
  publishStreamChange(site.platform.bus, type, {
    ...{ streamId, channelId: channel.id, slug: "night-train", visibility: "public" },
  });
/** As ingest does it: the database first, then whoever listens. */
async function goLive(): Promise<void> {
  streamId = await channel.goLive();
  await tell("stream.started");
}
async function end(): Promise<void> {
  await channel.end();
  await tell("stream.ended");
}

const open = async (path: string, options: Parameters<TestBrowser["view"]>[0] = {}) => {
  const view = await browser.view(options);
  await view.page.goto(site.origin + path);
  return { ...view, close: () => view.page.context().close() };
};
const text = (page: Page, selector: string) => page.locator(selector).first().textContent();
const engine = (page: Page, kind: string) => page.locator(`video[data-player="${kind}"]`).waitFor({ timeout: 20_000 });

describe("home", () => {
  test("is quiet at first, and a broadcast appears and leaves without a reload", async () => {
    const { page, errors, close } = await open("/");
    await page.getByRole("heading", { name: "The air is quiet." }).waitFor();
    expect(await text(page, ".copy-value")).toBe("rtmp://127.0.0.1:1935/live");
    await goLive();
    const card = page.getByRole("link", { name: /Night Train/ });
    await card.waitFor({ timeout: 5000 });
    expect(await text(page, "h1")).toBe("1 channel on air");
    expect(await page.locator(".home > [role=status]").first().textContent()).toBe("Night Train is now live");
    await end();
    await page.getByRole("heading", { name: "The air is quiet." }).waitFor({ timeout: 5000 });
    expect(errors).toEqual([]);
    await close();
  }, 60_000);

  test("does not ask while nobody looks", async () => {
    const { page, close } = await open("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    let asked = 0;
    page.on("request", (request) => {
      if (request.url().includes("/api/streams")) asked += 1;
    });
    await page.waitForTimeout(3000);
    expect(asked).toBe(0);
    await close();
  }, 60_000);

  test("an unchanged list costs a 304", async () => {
    const { page, close } = await open("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    const asked = page.waitForResponse(
      (response) => response.url().includes("/api/streams?live") && response.status() === 304,
    );
    await tell("stream.ended");
    const again = await asked;
    expect((await again.body().catch(() => Buffer.alloc(0))).length).toBe(0);
    await close();
  }, 60_000);

  test("copies the server address", async () => {
    const { page, close } = await open("/", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy the server address" }).click();
    await page.getByText("Copied", { exact: true }).first().waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("rtmp://127.0.0.1:1935/live");
    await close();
  }, 60_000);

  test("speaks Russian to those who read it, and remembers a choice", async () => {
    const { page, close } = await open("/", { locale: "ru-RU" });
    await page.getByRole("heading", { name: "В эфире тихо." }).waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("ru");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("heading", { name: "The air is quiet." }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "The air is quiet." }).waitFor();
    await close();
  }, 60_000);

  test("follows the system's theme until the viewer chooses", async () => {
    const { page, close } = await open("/", { colorScheme: "dark" });
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await paper();
    await page.getByRole("button", { name: "Switch to light theme" }).click();
    const light = await paper();
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await paper()).toBe(light);
    await page.getByRole("button", { name: "Switch to dark theme" }).click();
    await page.emulateMedia({ colorScheme: "light" });
    expect(await paper()).toBe(light);
    await close();
  }, 60_000);
});

describe("watch", () => {
  test("waits off air, plays HLS when the broadcast begins, switches to DASH and back, and says when it is over", async () => {
    const { page, errors, close } = await open("/watch/night-train");
    await page.getByText("Off air").waitFor();
    await goLive();
    await engine(page, "hls");
    await videoAdvances(page, 3);
    expect(await page.title()).toBe("Night Train · StreamHub");
    expect(await page.getByLabel("Video: Night Train").getAttribute("data-state")).toBe("playing");
    await chooseDelivery(page, "DASH");
    await engine(page, "dash");
    await videoAdvances(page, 3);
    await chooseDelivery(page, "HLS");
    await engine(page, "hls");
    await videoAdvances(page, 2);
    await end();
    await page.getByText("The broadcast is over").waitFor({ timeout: 8000 });
    await goLive();
    await engine(page, "hls");
    await videoAdvances(page, 1);
    expect(errors).toEqual([]);
    await close();
  }, 90_000);

  test("comes back by itself after the media was away, in both formats", async () => {
    for (const format of ["HLS", "DASH"] as const) {
      const { page, close } = await open("/watch/night-train");
      await chooseDelivery(page, format);
      await engine(page, format.toLowerCase());
      await videoAdvances(page, 2);
      media.outage = true;
      await page.locator("video[data-state=recovering]").waitFor({ timeout: 30_000 });
      expect(await page.locator(".player-message").textContent()).toContain("Reconnecting");
      media.outage = false;
      await page.locator("video[data-state=playing]").waitFor({ timeout: 30_000 });
      await videoAdvances(page, 2);
      await close();
    }
  }, 180_000);

  test("starts muted, and every control works from the keyboard", async () => {
    const { page, close } = await open("/watch/night-train");
    await engine(page, "hls");
    await videoAdvances(page, 1);
    const video = page.locator("video");
    const state = (name: "muted" | "paused" | "volume") =>
      video.evaluate((element, key) => String((element as HTMLVideoElement)[key as "muted"]), name);
    expect(await state("muted")).toBe("true");
    await video.focus();
    await page.keyboard.press("m");
    expect(await state("muted")).toBe("false");
    await page.keyboard.press("ArrowDown");
    expect(Number(await state("volume"))).toBeCloseTo(0.95);
    await page.keyboard.press("k");
    await page.locator("video[data-state=paused]").waitFor();
    const at = await videoTime(page);
    await page.waitForTimeout(1000);
    expect(await videoTime(page)).toBe(at);
    await page.keyboard.press("Space");
    await videoAdvances(page, 1);
    await page.keyboard.press("Tab");
    const names: string[] = [];
    for (let i = 0; i < 8; i++) {
      names.push(
        await page.evaluate(
          () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "",
        ),
      );
      await page.keyboard.press("Tab");
    }
    const span = names[0] === "Position" ? names.shift() : undefined;
    if (span === undefined) names.pop();
    expect(names).toEqual([...["Pause", "Mute", "Volume", "Live", "Settings", "Picture in picture", "Theatre mode"]]);
    await close();
  }, 90_000);

  test("a channel that does not exist is said so", async () => {
    const { page, errors, close } = await open("/watch/nobody");
    await page.getByRole("heading", { name: "There is no such channel" }).waitFor();
    expect(errors).toEqual([]);
    await close();
  }, 60_000);
});

test("an address without a page is a 404 with a way home", async () => {
  const view = await browser.view();
  const response = await view.page.goto(`${site.origin}/no/such/page`);
  expect(response?.status()).toBe(404);
  await view.page.getByRole("link", { name: "Go to the home page" }).click();
  await view.page.waitForURL(`${site.origin}/`);
  await view.page.context().close();
}, 60_000);

test("a page whose files are gone leaves the frame standing, and a retry loads it anew", async () => {
  const { page, close } = await open("/");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.route("**/assets/watch-*.js", (route) => route.abort());
  const card = page.getByRole("link", { name: /Night Train/ });
  await card.click();
  await page.getByRole("heading", { name: "Something broke on this page" }).waitFor();
  await page.unroute("**/assets/watch-*.js");
  await page.getByRole("button", { name: "Try again" }).click();
  await engine(page, "hls");
  await close();
}, 60_000);

describe("axe-core finds nothing", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const locale of ["en-GB", "ru-RU"]) {
      test(`${colorScheme}, ${locale}`, async () => {
        await site.platform.makeChannel(`off-${colorScheme}-${locale.slice(0, 2)}`, {
          title: "Off",
          description: "Later.",
        });
        for (const path of ["/", "/watch/night-train", `/watch/off-${colorScheme}-${locale.slice(0, 2)}`, "/nope"]) {
          const { page, close } = await open(path, { colorScheme, locale, reducedMotion: "reduce" });
          await page.getByRole("heading", { level: 1 }).first().waitFor();
          if (path === "/watch/night-train") await videoAdvances(page, 0.5);
          expect({ path, found: await violations(page) }).toEqual({ path, found: [] });
          await close();
        }
      }, 90_000);
    }
  }
});

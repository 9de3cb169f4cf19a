/** A channel in several qualities: its streamer asks for them, its viewer chooses one. */
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
import { chooseDelivery, openBrowser, type TestBrowser, videoAdvances } from "./browser.ts";
import { createChannel, register } from "./streamer.ts";

setDefaultTimeout(180_000);

let dataDir: string;
let server: TestServer;
let browser: TestBrowser;
let encoder: Publisher | null = null;

beforeAll(async () => {
  await builtSite();
  dataDir = makeDataDir();
  server = await startServer({ dataDir });
  browser = await openBrowser();
});
afterAll(async () => {
  await encoder?.stop();
  await browser?.close();
  await server?.stop();
  removeDataDir(dataDir);
});

async function chooseQuality(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("group", { name: "Quality" }).getByRole("radio", { name }).check();
  await page.keyboard.press("Escape");
}

const showsLines = (page: Page, lines: number) =>
  page.waitForFunction((wanted) => document.querySelector("video")?.videoHeight === wanted, lines, {
    timeout: 60_000,
  });

test("a streamer turns smaller pictures on, a viewer chooses one in HLS and in DASH and goes back, without a stop", async () => {
  const streamer = await browser.view();
  await register(streamer.page, server.site, "ada");
  const { slug, streamKey } = await createChannel(streamer.page, server.site, "Wide View");
  await streamer.page.goto(`${server.site}/studio/${slug}/settings`);
  await streamer.page.getByRole("radio", { name: /^As sent, and smaller/ }).check();
  const form = streamer.page.locator("section", {
    has: streamer.page.getByRole("heading", { name: "Broadcast", exact: true }),
  });
  await form.getByRole("button", { name: "Save" }).click();
  await streamer.page.getByText("Saved", { exact: true }).waitFor();
  await streamer.page.context().close();

  encoder = publish(`${server.rtmp}/${streamKey}`, { args: ["-vf", "scale=1280:720", "-preset", "ultrafast"] });
  const { page, errors } = await browser.view();
  await page.goto(`${server.site}/watch/${slug}`);
  await videoAdvances(page, 2, 60_000);
  for (const delivery of ["HLS", "DASH"] as const) {
    await chooseDelivery(page, delivery);
    await page.locator(`video[data-player="${delivery.toLowerCase()}"]`).waitFor();
    await videoAdvances(page, 1, 60_000);
    for (const lines of [360, 480, 720]) {
      await chooseQuality(page, `${lines}p`);
      await showsLines(page, lines);
      await videoAdvances(page, 2, 60_000);
    }
    await chooseQuality(page, /^Auto/);
    await videoAdvances(page, 1, 60_000);
  }
  expect(errors).toEqual([]);
  await page.context().close();
});

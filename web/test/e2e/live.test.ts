/** The main job on real input: a real encoder publishes to the real server, a real browser plays. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mediaChildren } from "../../../cli/e2e/processes.ts";
import { makeDataDir, publish, removeDataDir, startServer, type TestServer } from "../../../cli/e2e/server.ts";
import { builtSite } from "../built-site.ts";
import { chooseDelivery, openBrowser, videoAdvances, videoTime } from "./browser.ts";

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  await builtSite();
  const dataDir = options?.dataDir ?? makeDataDir();
  const server = await startServer({ ...options, dataDir });
  cleanUps.push(async () => {
    await server.stop();
    removeDataDir(dataDir);
  });
  return server;
}

async function open(url: string) {
  const browser = await openBrowser();
  cleanUps.push(() => browser.close());
  const view = await browser.view();
  await view.page.goto(url);
  return view;
}

function encoder(server: TestServer) {
  const publisher = publish(`${server.rtmp}/${server.streamKey}`);
  cleanUps.push(() => publisher.stop());
  return publisher;
}

describe("watching", () => {
  test("the home page shows who goes live, the watch page plays HLS, then DASH, without a console error", async () => {
    const server = await start();
    const { page, errors } = await open(server.site);
    await page.getByRole("heading", { level: 1 }).waitFor();
    encoder(server);
    await page.getByRole("link", { name: /Main channel/ }).click();
    await page.locator('video[data-player="hls"]').waitFor({ timeout: 30_000 });
    await videoAdvances(page, 4, 40_000);
    expect(await page.evaluate(() => document.querySelector("video")!.videoWidth)).toBe(640);
    await chooseDelivery(page, "DASH");
    await page.locator('video[data-player="dash"]').waitFor({ timeout: 30_000 });
    await videoAdvances(page, 4, 40_000);
    expect(errors).toEqual([]);
  });

  for (const kind of ["hls", "dash"] as const) {
    test(`${kind}: ffmpeg is killed, and the player goes on without a reload`, async () => {
      const server = await start();
      encoder(server);
      const { page } = await open(`${server.site}/watch/${server.slug}`);
      if (kind === "dash") {
        await page.locator('video[data-player="hls"]').waitFor({ timeout: 30_000 });
        await chooseDelivery(page, "DASH");
      }
      await page.locator(`video[data-player="${kind}"]`).waitFor({ timeout: 30_000 });
      await videoAdvances(page, 2, 40_000);
      await page.evaluate(() => {
        document.documentElement.dataset.kept = "yes";
      });
      const child = mediaChildren(server.pid)[0]!;
      process.kill(child.pid, "SIGKILL");
      const before = await videoTime(page);
      // Far enough to be past all that was buffered, so that the discontinuity is behind it.
      await videoAdvances(page, 14, 60_000);
      expect(await videoTime(page)).toBeGreaterThan(before);
      expect(await page.evaluate(() => document.documentElement.dataset.kept)).toBe("yes");
    });
  }

  test("the server is killed and started again: the page plays the encoder that reconnects", async () => {
    const dataDir = makeDataDir();
    const first = await start({ dataDir });
    encoder(first);
    const { page } = await open(`${first.site}/watch/${first.slug}`);
    await page.locator('video[data-player="hls"]').waitFor({ timeout: 30_000 });
    await videoAdvances(page, 2, 40_000);
    await first.killHard();
    const second = await start({ dataDir, ports: { http: first.httpPort, rtmp: first.rtmpPort } });
    encoder(second);
    await videoAdvances(page, 4, 60_000);
  });
});

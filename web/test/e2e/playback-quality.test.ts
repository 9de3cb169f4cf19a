/** How a broadcast plays: said by a viewer's real player when it leaves, read by the streamer in the studio and by Prometheus. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
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

test("a viewer watches and leaves; the studio and the metrics show how it played", async () => {
  const streamer = await browser.view();
  await register(streamer.page, server.site, "ada");
  const { slug, streamKey } = await createChannel(streamer.page, server.site, "Smooth");
  encoder = publish(`${server.rtmp}/${streamKey}`);

  const viewer = await browser.view();
  // Keys of CMCD stay out of the addresses, which caches share.
  const addresses: string[] = [];
  viewer.page.on("request", (request) => addresses.push(request.url()));
  await viewer.page.goto(`${server.site}/watch/${slug}`);
  await videoAdvances(viewer.page, 5, 60_000);
  expect(addresses.some((address) => address.includes("/live/") && address.includes(".m4s"))).toBe(true);
  expect(addresses.filter((address) => address.includes("CMCD="))).toEqual([]);
  await viewer.page.goto(`${server.site}/`);

  // Read anew until it is there: the beacon is on its way and is written a second later.
  await streamer.page.goto(`${server.site}/studio/${slug}`);
  const section = streamer.page.locator("section", {
    has: streamer.page.getByRole("heading", { name: "How it plays for viewers" }),
  });
  await section
    .locator("dd", { hasText: /\d s · / })
    .first()
    .waitFor({ timeout: 60_000 });
  const figures = await section.locator("dl").textContent();
  expect(figures).toMatch(/First picture after\s*[\d.]+ s · [\d.]+ s/);
  expect(figures).toMatch(/Time standing still\s*[\d.]+\s?%/);
  const metrics = await (await fetch(`${server.site}/metrics`)).text();
  expect(metrics).toContain('streamhub_playback_join_seconds_count{player="hls"} 1');
  expect(Number(/^streamhub_playback_played_seconds_total\{player="hls"\} (\S+)/m.exec(metrics)?.[1])).toBeGreaterThan(
    3,
  );
  expect([...viewer.errors, ...streamer.errors]).toEqual([]);
});

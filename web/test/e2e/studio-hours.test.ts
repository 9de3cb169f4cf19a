/** Four hours of a broadcast in its studio, told by the real feed as fast as the page takes them: what the page holds does not grow. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { TEST_PASSWORD } from "@streamhub/api/testing";
import { ownerTopic } from "@streamhub/db";
import { openBrowser, type TestBrowser } from "./browser.ts";
import { type SiteUnderTest, startSite } from "./site-under-test.ts";

setDefaultTimeout(300_000);

/** Four hours, by a sample every four seconds. */
const SAMPLES = 3_600;
const APART_MS = 4_000;
/** By then the lines have their full length, and all code has run. */
const WARM = 1_600;
const MEASURE_EVERY = 400;
const AT_ONCE = 100;
/** A sample that is held is 800 bytes and more; what the browser keeps of code and lines goes up and down by some hundred thousand in all. */
const MOST_BYTES_PER_SAMPLE = 300;

let site: SiteUnderTest;
let browser: TestBrowser;
beforeAll(async () => {
  site = await startSite(() => new Response("", { status: 404 }));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test("a studio that is open for four hours holds no more than after the first", async () => {
  const { platform, origin } = site;
  const owner = await platform.makeUser({ username: "nadia" });
  const channel = await platform.makeChannel("pier", { title: "Pier", owner });
  const streamId = await channel.goLive();
  const { page, errors } = await browser.view();
  await page.clock.install();
  const data = { login: owner.username, password: TEST_PASSWORD };
  expect((await page.context().request.post(`${origin}/api/auth/login`, { data })).status()).toBe(200);
  await page.goto(`${origin}/studio/pier`);
  const health = page.getByRole("region", { name: "How it arrives" });
  await health.waitFor();
  // What is heard in the first minutes is held until the server has written it down.
  await page.clock.fastForward("03:00");

  const began = Date.now();
  const tell = (n: number) =>
    platform.bus.events.notify(
      ownerTopic(streamId),
      JSON.stringify({
        ...{ type: "stream.sample", streamId, at: new Date(began + n * APART_MS).toISOString() },
        ...{ bitrateKbps: 10_000 + n, fps: 29 + (n % 3), width: 1280, height: 720, videoCodec: "H.264" },
        ...{ audioCodec: "AAC", keyframeIntervalSeconds: 2, missingFrames: 0, skewMs: null, packaging: null },
        problems: [{ code: "gop.long", severity: "warning", values: { seconds: 6 }, detail: "Far apart.", fix: null }],
      }),
    );
  const shown = (n: number) =>
    health.getByText(`now ${(10_000 + n).toLocaleString("en-GB")} kbit/s`).waitFor({ timeout: 120_000 });
  await expect(
    (async () => {
      // Until the page's socket is open and hears.
      for (;;) {
        await tell(0);
        if (await health.getByText("now 10,000 kbit/s").isVisible()) return "heard";
        await Bun.sleep(100);
      }
    })(),
  ).resolves.toBe("heard");

  const cdp = await page.context().newCDPSession(page);
  async function held(): Promise<{ bytes: number; nodes: number; listeners: number }> {
    // Twice: what the first one finalises, the second one frees.
    for (let time = 0; time < 2; time++) await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await cdp.send("Memory.getDOMCounters");
    return { bytes: usedSize, nodes, listeners: jsEventListeners };
  }

  const measured: Awaited<ReturnType<typeof held>>[] = [];
  for (let n = 1; n <= SAMPLES; n++) {
    await tell(n);
    if (n % AT_ONCE === 0) await shown(n);
    if (n >= WARM && n % MEASURE_EVERY === 0) measured.push(await held());
  }
  const [first, last] = [measured[0]!, measured.at(-1)!];
  const kilobytes = measured.map(({ bytes }) => Math.round(bytes / 1_024)).join(", ");
  console.log(`held after each ${MEASURE_EVERY} samples from ${WARM} on: ${kilobytes} KB`);
  expect((last.bytes - first.bytes) / (SAMPLES - WARM)).toBeLessThan(MOST_BYTES_PER_SAMPLE);
  expect(last.nodes).toBeLessThanOrEqual(first.nodes + 50);
  expect(last.listeners).toBeLessThanOrEqual(first.listeners + 10);
  expect(errors.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
});

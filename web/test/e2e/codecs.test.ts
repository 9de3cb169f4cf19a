/** What OBS sends by E-RTMP and this machine's ffmpeg can't read from FLV: published to the real server, played by a real Chromium. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { colourTag, HDR10 } from "@streamhub/ingest/remux/testing/colour-tag";
import { type EnhancedRecipe, makeEnhancedFlv } from "@streamhub/ingest/remux/testing/enhanced-flv";
import type { FlvTag } from "@streamhub/ingest/remux/testing/flv";
import {
  makeDataDir,
  probe,
  removeDataDir,
  startServer,
  streamhub,
  type TestServer,
  until,
} from "../../../cli/e2e/server.ts";
import { publishTags, type TagPublisher } from "../../../cli/e2e/tag-publisher.ts";
import { builtSite } from "../built-site.ts";
import { chooseDelivery, openBrowser, type TestBrowser, videoAdvances } from "./browser.ts";
import { createChannel, register } from "./streamer.ts";

setDefaultTimeout(180_000);

const SECONDS = 4;
const OPUS: EnhancedRecipe["audio"] = { codec: "Opus", encoder: ["libopus", "-b:a", "64k"] };

let dataDir: string;
let server: TestServer;
let browser: TestBrowser;
const encoders: TagPublisher[] = [];

beforeAll(async () => {
  await builtSite();
  dataDir = makeDataDir();
  server = await startServer({ dataDir });
  browser = await openBrowser();
});
afterAll(async () => {
  for (const encoder of encoders) await encoder.stop();
  await browser?.close();
  await server?.stop();
  removeDataDir(dataDir);
});

/** A channel of its own that is live with it. `told`: beside the pictures, each time round. */
async function goLive(
  slug: string,
  recipe: Omit<EnhancedRecipe, "seconds">,
  told: readonly FlvTag[] = [],
): Promise<void> {
  const made = await streamhub(["channel", "create", "--slug", slug, "--title", slug, "--json"], {
    env: { DATA_DIR: dataDir },
  });
  const { streamKey } = JSON.parse(made.stdout) as { streamKey: string };
  const { tags } = await makeEnhancedFlv({ seconds: SECONDS, ...recipe });
  encoders.push(await publishTags(server.rtmpPort, streamKey, [...told, ...tags], SECONDS));
  await until("it is live", async () => (await fetch(`${server.site}/live/${slug}/video/index.m3u8`)).ok);
}

test.each([
  {
    slug: "av1",
    recipe: {
      video: { codec: "av01", encoder: ["libsvtav1", "-preset", "12", "-svtav1-params", "pred-struct=1"] },
      audio: OPUS,
    },
    codecs: /CODECS="av01\.0\.00M\.08,opus"/,
  },
  {
    slug: "vp9",
    recipe: {
      video: { codec: "vp09", encoder: ["libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k"] },
      audio: OPUS,
    },
    codecs: /CODECS="vp09\.00\.\d\d\.08,opus"/,
  },
] as const)("$slug and Opus play in Chromium by HLS and by DASH", async ({ slug, recipe, codecs }) => {
  await goLive(slug, recipe);
  expect(await (await fetch(`${server.site}/live/${slug}/master.m3u8`)).text()).toMatch(codecs);
  const { page, errors } = await browser.view();
  await page.goto(`${server.site}/watch/${slug}`);
  for (const delivery of ["HLS", "DASH"] as const) {
    await chooseDelivery(page, delivery);
    await page.locator(`video[data-player="${delivery.toLowerCase()}"]`).waitFor();
    // More than the publisher's file is long: what begins again goes on as well.
    await videoAdvances(page, SECONDS + 1, 60_000);
    // Chromium's own count: the picture was decoded, and the sound.
    const decoded = await page.evaluate(() => {
      const video = document.querySelector("video") as HTMLVideoElement & { webkitAudioDecodedByteCount: number };
      return { pictures: video.getVideoPlaybackQuality().totalVideoFrames, sound: video.webkitAudioDecodedByteCount };
    });
    expect(decoded.pictures).toBeGreaterThan(SECONDS * 20);
    expect(decoded.sound).toBeGreaterThan(10_000);
  }
  expect(errors).toEqual([]);
  await page.context().close();
});

test("ten bits in BT.2020 whose brightness is told anew every two seconds play on in Chromium", async () => {
  const brighter = { ...HDR10, hdrCll: { maxFall: 400, maxCLL: 1_000 } };
  const darker = { ...HDR10, hdrCll: { maxFall: 200, maxCLL: 600 } };
  const encoder = ["libsvtav1", "-preset", "12", "-svtav1-params", "pred-struct=1"];
  await goLive("hdr", { video: { codec: "av01", encoder, pixels: "yuv420p10le" }, audio: OPUS }, [
    colourTag("av01", brighter),
    colourTag("av01", darker, 1_990),
  ]);
  const master = async () => await (await fetch(`${server.site}/live/hdr/master.m3u8`)).text();
  expect(await master()).toMatch(/CODECS="av01\.0\.00M\.10,opus".*VIDEO-RANGE=PQ/);
  const { page, errors } = await browser.view();
  await page.goto(`${server.site}/watch/hdr`);
  for (const delivery of ["HLS", "DASH"] as const) {
    await chooseDelivery(page, delivery);
    await page.locator(`video[data-player="${delivery.toLowerCase()}"]`).waitFor();
    await videoAdvances(page, 2 * SECONDS, 60_000);
  }
  const playlist = await (await fetch(`${server.site}/live/hdr/video/index.m3u8`)).text();
  expect(playlist.match(/^#EXT-X-DISCONTINUITY$/gm)?.length).toBeGreaterThan(2);
  expect(errors).toEqual([]);
  await page.context().close();
});

test("a streamer copies a configuration with several pictures from the studio; the key is not in it", async () => {
  const { page, errors } = await browser.view();
  await register(page, server.site, "ada");
  const { streamKey } = await createChannel(page, server.site, "Many");
  await page.getByText("Several pictures at once").click();
  await page.getByText(`${server.site}/api/obs/client-configuration`, { exact: true }).waitFor();
  await page.getByLabel("What encodes").selectOption({ label: "NVIDIA graphics" });
  await page.getByRole("button", { name: "Make a configuration to paste" }).click();
  const field = page.locator(".copy-field", {
    has: page.getByRole("button", { name: "Copy the configuration", exact: true }),
  });
  const text = (await field.locator("code").textContent()) ?? "";
  expect(text).not.toContain(streamKey);
  const { status, encoder_configurations: rungs } = JSON.parse(text);
  expect(status).toEqual({ result: "success" });
  // Of 8 Mbit/s, which the page takes for usual: two thirds.
  expect(rungs.map(({ type, height }: { type: string; height: number }) => `${type} ${height}`)).toEqual([
    "obs_nvenc_h264_tex 1080",
    "obs_nvenc_h264_tex 480",
    "obs_nvenc_h264_tex 360",
  ]);
  expect(errors).toEqual([]);
  await page.context().close();
});

test("HEVC and E-AC-3 are what ffprobe finds in our HLS and our DASH", async () => {
  const encoder = ["libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:bframes=2"];
  await goLive("hevc", {
    video: { codec: "hvc1", encoder: [...encoder, "-tag:v", "hvc1"] },
    audio: { codec: "ec-3", encoder: ["eac3", "-ac", "2"] },
  });
  expect(await (await fetch(`${server.site}/live/hevc/master.m3u8`)).text()).toMatch(/CODECS="hvc1\.[^"]+,ec-3"/);
  for (const name of ["master.m3u8", "manifest.mpd"]) {
    const streams = await probe(`${server.site}/live/hevc/${name}`);
    expect(new Set(streams.map(({ codec }) => codec))).toEqual(new Set(["hevc", "eac3"]));
  }
});

/** High dynamic range by E-RTMP, from `colorInfo` to what players are told: init segments, HLS, DASH, recordings of it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Served, serveDelivery } from "./delivery/testing/serve.ts";
import { startPackaging } from "./packaging.ts";
import { type Ffmpeg, probeFfmpeg } from "./remux/ffmpeg-probe.ts";
import { colourTag, HDR10 } from "./remux/testing/colour-tag.ts";
import { makeEnhancedFlv } from "./remux/testing/enhanced-flv.ts";
import { type FlvTag, publish, testBroadcast } from "./remux/testing/flv.ts";

let ffmpeg: Ffmpeg;
let served: Served;

beforeAll(async () => {
  ffmpeg = await probeFfmpeg();
  served = serveDelivery();
});

afterAll(() => served.close());

const PQ = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"];
const HLG = { colorConfig: { bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 18, matrixCoefficients: 9 } };

/** `colours`: what the picture says of itself. */
async function picture(told: readonly FlvTag[], colours: readonly string[] = []): Promise<FlvTag[]> {
  const plain = ["libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params", "log-level=error:bframes=0"];
  const encoder = [...plain, ...colours];
  const { tags } = await makeEnhancedFlv({ seconds: 6, video: { codec: "hvc1", encoder, pixels: "yuv420p10le" } });
  const [config, ...frames] = tags;
  return [config!, ...[...told, ...frames].toSorted((a, b) => a.timestamp - b.timestamp)];
}

async function live(slug: string, tags: readonly FlvTag[]) {
  const broadcast = testBroadcast(slug);
  const packaging = startPackaging({ broadcast, ffmpeg, remuxer: "native", delivery: served.delivery });
  await publish(broadcast, tags, { pace: 3 });
  broadcast.end();
  await packaging.done;
  const get = (path: string) => fetch(`${served.url}live/${slug}/${path}`);
  return { packaging, get, text: async (path: string) => await (await get(path)).text() };
}

const wire = (part: string | number): number[] =>
  typeof part === "number" ? [part >> 8, part & 255] : [...Buffer.from(part)];

async function probe(init: Uint8Array): Promise<object | undefined> {
  const child = Bun.spawn(["ffprobe", "-v", "error", "-show_streams", "-of", "json", "pipe:0"], {
    stdin: init,
    stdout: "pipe",
    stderr: "ignore",
  });
  return (JSON.parse(await new Response(child.stdout).text()) as { streams: object[] }).streams[0];
}

test("HDR10 told beside the picture is in its init segment, in HLS and in DASH", async () => {
  const { packaging, get, text } = await live("pq", await picture([colourTag("hvc1", HDR10)], PQ));
  expect(packaging.stats).toMatchObject({ state: "ended", epochs: 1, restarts: 0 });
  expect(packaging.stats.conformance.must).toBe(0);
  expect(await text("master.m3u8")).toMatch(/FRAME-RATE=[\d.]+,VIDEO-RANGE=PQ$/m);
  const mpd = await text("manifest.mpd");
  for (const [name, value] of Object.entries({
    ColourPrimaries: 9,
    TransferCharacteristics: 16,
    MatrixCoefficients: 9,
  }))
    expect(mpd).toContain(`<SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:${name}" value="${value}"/>`);
  const [, init] = /EXT-X-MAP:URI="([^"]+)"/.exec(await text("video/index.m3u8"))!;
  expect(await probe(await (await get(`video/${init}`)).bytes())).toMatchObject({
    codec_name: "hevc",
    color_transfer: "smpte2084",
    color_primaries: "bt2020",
    side_data_list: [
      { side_data_type: "Mastering display metadata", max_luminance: "10000000/10000" },
      { side_data_type: "Content light level metadata", max_content: 1000, max_average: 400 },
    ],
  });
}, 60_000);

test("other colours in mid-stream begin with the next keyframe, behind a discontinuity; the same ones again do nothing", async () => {
  const told = [colourTag("hvc1", HDR10), colourTag("hvc1", HDR10, 1_000), colourTag("hvc1", HLG, 2_520)];
  const { packaging, get, text } = await live("change", await picture(told));
  expect(packaging.stats).toMatchObject({ state: "ended", epochs: 2, restarts: 0, droppedTags: 0 });
  expect(packaging.stats.conformance.must).toBe(0);
  const playlist = await text("video/index.m3u8");
  expect(playlist.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1);
  const inits = [...playlist.matchAll(/EXT-X-MAP:URI="([^"]+)"/g)].map(([, name]) => name);
  expect(inits).toHaveLength(2);
  const bytes = await Promise.all(inits.map(async (name) => Buffer.from(await (await get(`video/${name}`)).bytes())));
  // primaries, transfer, matrix
  const colr = (...numbers: readonly number[]) => Buffer.from(["colrnclx", ...numbers].flatMap(wire));
  expect(bytes.map((init) => init.includes(colr(9, 16, 9)))).toEqual([true, false]);
  expect(bytes.map((init) => init.includes(colr(9, 18, 9)))).toEqual([false, true]);
  expect(bytes.map((init) => init.includes("mdcv") && init.includes("clli"))).toEqual([true, false]);
  expect(await text("master.m3u8")).toContain("VIDEO-RANGE=HLG");
  const periods = (await text("manifest.mpd")).split("<Period ").slice(1);
  expect(periods.map((period) => /TransferCharacteristics" value="(\d+)"/.exec(period)?.[1])).toEqual(["16", "18"]);
}, 60_000);

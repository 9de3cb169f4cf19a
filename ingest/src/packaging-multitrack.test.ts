/** A publisher that sends several pictures (E-RTMP v2 multitrack, as OBS does with Enhanced Broadcasting): each is a rendition, none is encoded. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Served, serveDelivery } from "./delivery/testing/serve.ts";
import { startPackaging } from "./packaging.ts";
import { type Ffmpeg, probeFfmpeg } from "./remux/ffmpeg-probe.ts";
import { type FlvTag, makeFlv, publish, testBroadcast } from "./remux/testing/flv.ts";
import { onTrack } from "./remux/testing/multitrack.ts";

let ffmpeg: Ffmpeg;
let served: Served;

beforeAll(async () => {
  ffmpeg = await probeFfmpeg();
  served = serveDelivery();
});

afterAll(() => served.close());

async function pictures(gops: readonly [number, number] = [60, 60]): Promise<FlvTag[]> {
  const source = await makeFlv({ seconds: 8, video: { gop: gops[0], size: "640x360", bFrames: 2 }, audio: {} });
  const small = await makeFlv({ seconds: 8, video: { gop: gops[1], size: "320x180", bFrames: 2 } });
  const others = onTrack(1, small);
  // Configurations first, as encoders send them; then in the order of time.
  const isConfig = ({ kind, body }: FlvTag) =>
    kind !== "script" && (body[0]! & 0x80 ? (body[1]! & 15) === 0 : body[1] === 0);
  const all = [...source, ...others];
  return [
    ...all.filter((tag) => tag.kind === "script" || isConfig(tag)),
    ...all.filter((tag) => tag.kind !== "script" && !isConfig(tag)).toSorted((a, b) => a.timestamp - b.timestamp),
  ];
}

async function live(slug: string, tags: readonly FlvTag[], pace: number, quality: "source" | "ladder" = "source") {
  const broadcast = testBroadcast(slug, [], { quality });
  const children: number[] = [];
  const packaging = startPackaging({
    broadcast,
    ffmpeg,
    delivery: served.delivery,
    onChild: (pid) => void children.push(pid),
  });
  await publish(broadcast, tags, { pace });
  broadcast.end();
  await packaging.done;
  const text = async (path: string): Promise<string> => (await fetch(`${served.url}live/${slug}/${path}`)).text();
  return { packaging, text, children };
}

async function framesIn(url: string): Promise<number> {
  const args = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"];
  const child = Bun.spawn([...args, url], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  return Number.parseInt(await child.stdout.text(), 10);
}

test("each picture is a rendition that decodes, cut where the first one is", async () => {
  const { packaging, text, children } = await live("pictures", await pictures(), 1, "ladder");
  expect(packaging.stats).toMatchObject({ state: "ended", epochs: 1, restarts: 0 });
  expect(packaging.stats.conformance.rules).toEqual([]);
  // Not even for a channel that wants a ladder: its encoder has made one.
  expect(children).toEqual([]);
  const master = await text("master.m3u8");
  expect([...master.matchAll(/RESOLUTION=(\d+x\d+)/g)].map(([, size]) => size)).toEqual(["640x360", "320x180"]);
  expect(await framesIn(`${served.url}live/pictures/video/index.m3u8`)).toBe(240);
  // What is shown after the source's last decode time lies behind the end.
  expect(await framesIn(`${served.url}live/pictures/180p/index.m3u8`)).toBeGreaterThanOrEqual(238);
  const numbers = async (name: string) => (await text(`${name}/index.m3u8`)).match(/^\d+\.m4s$/gm);
  expect(await numbers("180p")).toEqual(await numbers("video"));
  expect(await text("180p/index.m3u8")).not.toContain("GAP");
}, 60_000);

test("pictures whose keyframes lie elsewhere are cut all the same, and not claimed to be independent", async () => {
  const { packaging, text } = await live("askew", await pictures([60, 45]), 4);
  expect(packaging.stats).toMatchObject({ state: "ended", restarts: 0 });
  expect(packaging.stats.conformance.must).toBe(0);
  expect(await text("master.m3u8")).not.toContain("INDEPENDENT-SEGMENTS");
}, 60_000);

test("another picture that comes later joins at a keyframe", async () => {
  const tags = await pictures();
  const isOther = ({ kind, body }: FlvTag) => kind === "video" && (body[0]! & 0x80) !== 0;
  const config = tags.find(isOther)!;
  const late = tags.filter((tag) => !isOther(tag) || tag.timestamp >= 3_000);
  const at = late.findIndex(isOther);
  late.splice(at, 0, { ...config, timestamp: late[at]!.timestamp });
  const { packaging, text } = await live("late", late, 4);
  expect(packaging.stats).toMatchObject({ state: "ended", epochs: 2, restarts: 0 });
  expect(await text("master.m3u8")).toContain("RESOLUTION=320x180");
  expect((await text("video/index.m3u8")).match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1);
}, 60_000);

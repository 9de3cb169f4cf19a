/** A broadcast in several qualities, through real ffmpeg. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Registry as PromRegistry } from "prom-client";
import { type Served, serveDelivery } from "./delivery/testing/serve.ts";
import { type PackagingOptions, startPackaging } from "./packaging.ts";
import { makePackagings } from "./packagings.ts";
import { type Ffmpeg, probeFfmpeg } from "./remux/ffmpeg-probe.ts";
import { eventually, makeFlv, publish, testBroadcast } from "./remux/testing/flv.ts";

const SOURCE = { seconds: 8, video: { gop: 60, size: "1280x720", bFrames: 2 }, audio: {} };

let ffmpeg: Ffmpeg;
let served: Served;

beforeAll(async () => {
  ffmpeg = await probeFfmpeg();
  served = serveDelivery();
});

afterAll(() => served.close());

function goLive(slug: string, options: Partial<PackagingOptions> = {}) {
  const children: number[] = [];
  const broadcast = testBroadcast(slug, [], { quality: "ladder" });
  const packaging = startPackaging({
    broadcast,
    ffmpeg,
    delivery: served.delivery,
    onChild: (pid) => void children.push(pid),
    ...options,
  });
  const url = (path: string): string => `${served.url}live/${slug}/${path}`;
  const variants = async (): Promise<string[]> =>
    (await (await fetch(url("master.m3u8"))).text())
      .split("\n")
      .filter((line) => line.endsWith(".m3u8"))
      .map((line) => line.replace("/index.m3u8", ""));
  return { broadcast, packaging, children, url, variants };
}

/**
 * Presentation times and keyframes that a player finds, in milliseconds from the first one: ffmpeg adds the largest negative composition offset to
 * all of them, and only the source has such.
 */
async function frames(url: string): Promise<{ readonly times: number[]; readonly keys: number[] }> {
  const entries = ["-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
  const args = ["ffprobe", "-v", "error", "-select_streams", "v", ...entries, url];
  const child = Bun.spawn(args, { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const found = (await child.stdout.text()).split("\n").filter((line) => line !== "");
  const first = Math.min(...found.map((line) => Number.parseFloat(line)));
  const time = (line: string) => Math.round((Number.parseFloat(line) - first) * 1000);
  return {
    times: found.map(time).toSorted((a, b) => a - b),
    keys: found.filter((line) => line.includes("K")).map(time),
  };
}

test("every rendition has the source's times and keyframes, and breaks no rule of HLS or DASH", async () => {
  const tags = await makeFlv(SOURCE);
  const { broadcast, packaging, url, variants } = goLive("steps");
  await publish(broadcast, tags, { pace: 1 });
  expect(packaging.stats.ladder).toEqual({ renditions: ["480p", "360p"], dropped: [] });
  broadcast.end();
  await packaging.done;
  expect(packaging.stats).toMatchObject({ state: "ended", restarts: 0 });
  expect(packaging.stats.conformance.rules).toEqual([]);
  expect(await variants()).toEqual(["video", "480p", "360p", "audio"]);
  const source = await frames(url("video/index.m3u8"));
  expect(source.keys.length).toBe(4);
  for (const name of ["480p", "360p"]) {
    const rung = await frames(url(`${name}/index.m3u8`));
    expect(rung.keys).toEqual(source.keys);
    expect(source.times.slice(0, rung.times.length)).toEqual(rung.times);
    // Pictures that are shown after the last one that was decoded lie behind the end.
    expect(source.times.length - rung.times.length).toBeLessThanOrEqual(2);
  }
}, 60_000);

test("a machine that can't keep up drops the costliest rendition, says so, and loses nothing of the source", async () => {
  const tags = await makeFlv(SOURCE);
  const { broadcast, packaging, url, variants, children } = goLive("slow-steps", {
    ladderLimits: { behindMs: 700, patienceMs: 400 },
  });
  const publishing = publish(broadcast, tags, { pace: 1 });
  await eventually("a ladder", () => packaging.stats.ladder?.renditions.length === 2 && packaging.stats.segments > 3);
  process.kill(children[0]!, "SIGSTOP");
  await eventually("it is dropped", () => packaging.stats.ladder!.dropped.length > 0);
  expect(packaging.stats.ladder!.dropped).toEqual([{ rendition: "480p", reason: "slow" }]);
  process.kill(children[0]!, "SIGCONT");
  await publishing;
  broadcast.end();
  await packaging.done;
  expect(packaging.stats).toMatchObject({ state: "ended", restarts: 0, epochs: 2 });
  expect(packaging.stats.ladder!.renditions).toEqual(["360p"]);
  expect(packaging.stats.conformance.rules).toEqual([]);
  expect(await variants()).toEqual(["video", "360p", "audio"]);
  const { times } = await frames(url("video/index.m3u8"));
  expect(times.length).toBe(tags.filter(({ kind, body }) => kind === "video" && body[1] === 1).length);
}, 60_000);

test("without an encoder the source is offered alone", async () => {
  const tags = await makeFlv(SOURCE);
  const { broadcast, packaging, variants } = goLive("no-steps", {
    ffmpeg: { ...ffmpeg, path: `${import.meta.dir}/remux/testing/no-encoder-ffmpeg` },
    limits: { backoffMs: 10, minEpochMs: 10 },
  });
  await publish(broadcast, tags, { pace: 3 });
  broadcast.end();
  await packaging.done;
  expect(packaging.stats).toMatchObject({ state: "ended", restarts: 2 });
  expect(packaging.stats.ladder).toEqual({
    renditions: [],
    dropped: [
      { rendition: "480p", reason: "failed" },
      { rendition: "360p", reason: "failed" },
    ],
  });
  expect(await variants()).toEqual(["video"]);
}, 60_000);

test("a source that has no smaller step costs nothing", async () => {
  const tags = await makeFlv({ seconds: 4, video: { gop: 60, size: "640x360" }, audio: {} });
  const { broadcast, packaging, variants } = goLive("small");
  await publish(broadcast, tags, { pace: 8 });
  broadcast.end();
  await packaging.done;
  expect(packaging.stats.ladder).toEqual({ renditions: [], dropped: [] });
  expect(await variants()).toEqual(["video"]);
}, 60_000);

test("the metrics count what was left out, also of broadcasts that are over", async () => {
  const metrics = new PromRegistry();
  const packagings = makePackagings({
    ffmpeg: { ...ffmpeg, path: `${import.meta.dir}/remux/testing/no-encoder-ffmpeg` },
    remuxer: "ffmpeg",
    delivery: served.delivery,
    recordings: null,
    pictures: null,
    metrics,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const broadcast = testBroadcast("counted", [], { quality: "ladder" });
  packagings.onStart(broadcast);
  const failed = async () =>
    /^streamhub_ladder_dropped_total\{reason="failed"\} (\d+)$/m.exec(await metrics.metrics())?.[1];
  expect(await failed()).toBe("0");
  await publish(broadcast, await makeFlv(SOURCE), { pace: 1 });
  expect(await failed()).toBe("2");
  broadcast.end();
  await packagings.stop();
  expect(await failed()).toBe("2");
}, 60_000);

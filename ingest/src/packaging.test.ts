import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveDelivery } from "./delivery/testing/serve.ts";
import type { LiveBroadcast } from "./live/broadcast.ts";
import { type Packaging, type PackagingOptions, startPackaging } from "./packaging.ts";
import { type Ffmpeg, probeFfmpeg } from "./remux/ffmpeg-probe.ts";
import { makeEnhancedFlv } from "./remux/testing/enhanced-flv.ts";
import {
  eventually,
  type FlvTag,
  lengthOf,
  makeFlv,
  publish,
  type Recipe,
  testBroadcast,
} from "./remux/testing/flv.ts";

const AV = { seconds: 8, video: { gop: 60, bFrames: 2 }, audio: {} };
const SHORT = { ...AV, seconds: 4 };
const WIDE = { seconds: 4, video: { gop: 60, size: "640x360" }, audio: {} };

let ffmpeg: Ffmpeg;
let served: Served;
const children: number[] = [];
const folder = mkdtempSync(join(tmpdir(), "streamhub-packaging-"));

beforeAll(async () => {
  ffmpeg = await probeFfmpeg();
  served = serveDelivery();
});

afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true });
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

interface Live {
  readonly broadcast: LiveBroadcast;
  readonly packaging: Packaging;
  readonly refused: readonly string[];
  readonly events: readonly string[];
  readonly url: (path: string) => string;
  readonly text: (path: string) => Promise<string>;
}

function goLive(slug: string, options: Partial<PackagingOptions> = {}): Live {
  const refused: string[] = [];
  const events: string[] = [];
  const broadcast = testBroadcast(slug, refused);
  const packaging = startPackaging({
    broadcast,
    ffmpeg,
    delivery: served.delivery,
    onChild: (pid) => void children.push(pid),
    log: (event, details) => void events.push(`${event} ${JSON.stringify(details)}`),
    ...options,
  });
  const url = (path: string): string => `${served.url}live/${slug}/${path}`;
  const text = async (path: string): Promise<string> => {
    const response = await fetch(url(path));
    const body = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body}`);
    return body;
  };
  return { broadcast, packaging, refused, events, url, text };
}

interface Stream {
  readonly codec_type: string;
  readonly codec_name: string;
  readonly nb_read_frames: string;
  readonly start_time: string;
}

/** What a real player decodes from a URL. */
async function probe(url: string): Promise<readonly Stream[]> {
  const entries = "stream=codec_type,codec_name,start_time,nb_read_frames";
  const args = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", url];
  const child = Bun.spawn(args, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(errors).toBe("");
  return (JSON.parse(out) as { streams: Stream[] }).streams;
}

function framesOf(streams: readonly Stream[], kind: string): number {
  return Number(streams.find((stream) => stream.codec_type === kind)?.nb_read_frames ?? 0);
}

function count(tags: readonly FlvTag[], kind: string): number {
  // Configurations have AVCPacketType or AACPacketType 0; AVCPacketType 2 ends a sequence.
  return tags.filter((tag) => tag.kind === kind && tag.body[1] === 1).length;
}

/**
 * Frames of a media playlist, each discontinuity decoded on its own: ffmpeg 5.1 can't take a second moov (browsers can), so
 * that it shows a change of the decoder configuration as damage.
 */
async function framesByEpoch(live: Live, rendition: string): Promise<number[]> {
  const playlist = await live.text(`${rendition}/index.m3u8`);
  const groups: string[][] = [];
  for (const line of playlist.split("\n")) {
    const init = /^#EXT-X-MAP:URI="(.+)"$/.exec(line)?.[1];
    if (init !== undefined) groups.push([init]);
    else if (line.endsWith(".m4s")) groups.at(-1)!.push(line);
  }
  const counts: number[] = [];
  for (const group of groups) {
    const file = join(folder, `${live.broadcast.slug}-${rendition}-${counts.length}.mp4`);
    const parts = await Promise.all(group.map(async (name) => (await fetch(live.url(`${rendition}/${name}`))).bytes()));
    await Bun.write(file, Buffer.concat(parts));
    counts.push(framesOf(await probe(file), rendition));
  }
  return counts;
}

const match = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

describe("a broadcast, through real ffmpeg", () => {
  test("picture with B-frames and sound, from a clock beyond 2^24, play in HLS and DASH", async () => {
    const tags = await makeFlv(AV);
    const { broadcast, packaging, url, text } = goLive("av");
    // Asked before there is anything: held, not refused.
    const held = text("master.m3u8");
    await publish(broadcast, tags, { offset: 2 ** 32 - 3000, pace: 8 });
    const master = await held;
    expect(master).toContain(
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"',
    );
    expect(master).toMatch(
      /CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2",RESOLUTION=320x180,FRAME-RATE=30\.000,AUDIO="audio"/,
    );
    broadcast.end();
    await packaging.done;
    expect(packaging.stats).toMatchObject({ state: "ended", epochs: 1, restarts: 0, overflows: 0, failure: null });
    const playlist = await text("video/index.m3u8");
    expect(match(playlist, /^#EXTINF:2\.00000,$/gm)).toBe(4);
    expect(playlist).toContain("#EXT-X-TARGETDURATION:2\n");
    expect(playlist).toContain("#EXT-X-INDEPENDENT-SEGMENTS");
    expect(playlist).not.toContain("#EXT-X-DISCONTINUITY\n");
    const hls = await probe(url("master.m3u8"));
    expect(framesOf(hls, "video")).toBe(count(tags, "video"));
    expect(framesOf(hls, "audio")).toBeGreaterThanOrEqual(count(tags, "audio") - 4);
    const starts = hls.map((stream) => Number(stream.start_time));
    expect(Math.abs(starts[0]! - starts[1]!)).toBeLessThan(0.11);
    const manifest = await text("manifest.mpd");
    expect(manifest).toContain('type="static"');
    expect(manifest).toContain('frameRate="30"');
    const dash = await probe(url("manifest.mpd"));
    expect(framesOf(dash, "video")).toBeGreaterThanOrEqual(count(tags, "video") - 2);
    expect(framesOf(dash, "audio")).toBeGreaterThanOrEqual(count(tags, "audio") - 6);
  }, 60_000);

  test("the native remuxer gives the same HLS and DASH", async () => {
    const tags = await makeFlv(AV);
    const { broadcast, packaging, url, text } = goLive("native", { remuxer: "native" });
    const before = children.length;
    await publish(broadcast, tags, { pace: 8 });
    broadcast.end();
    await packaging.done;
    expect(children.length).toBe(before);
    expect(packaging.stats).toMatchObject({ state: "ended", epochs: 1, restarts: 0, failure: null });
    expect(match(await text("video/index.m3u8"), /^#EXTINF:2\.00000,$/gm)).toBe(4);
    const hls = await probe(url("master.m3u8"));
    expect(framesOf(hls, "video")).toBe(count(tags, "video"));
    expect(framesOf(hls, "audio")).toBeGreaterThanOrEqual(count(tags, "audio") - 4);
    expect(framesOf(await probe(url("manifest.mpd")), "video")).toBeGreaterThanOrEqual(count(tags, "video") - 2);
  }, 60_000);

  test("what this ffmpeg can't read from FLV is packaged all the same: AV1 and Opus", async () => {
    const { tags, samples } = await makeEnhancedFlv({
      seconds: 6,
      video: { codec: "av01", encoder: ["libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-b:v", "300k"] },
      audio: { codec: "Opus", encoder: ["libopus"] },
    });
    const { broadcast, packaging, refused, url, text } = goLive("av1");
    await publish(broadcast, tags, { pace: 8 });
    broadcast.end();
    await packaging.done;
    expect(refused).toEqual([]);
    expect(packaging.stats).toMatchObject({ state: "ended", failure: null });
    expect(await text("master.m3u8")).toMatch(/CODECS="av01\.0\.00M\.08,opus",RESOLUTION=320x180,FRAME-RATE=2[45]\./);
    const hls = await probe(url("master.m3u8"));
    expect(hls.map(({ codec_name }) => codec_name).toSorted()).toEqual(["av1", "opus"]);
    expect(framesOf(hls, "video")).toBe(samples[0]!.length);
  }, 120_000);

  test("a live manifest and playlist are read while they grow", async () => {
    const tags = await makeFlv(AV);
    const { broadcast, packaging, url, text } = goLive("growing");
    const publishing = publish(broadcast, tags, { pace: 2 });
    const manifest = await text("manifest.mpd");
    expect(manifest).toContain('type="dynamic"');
    expect(manifest).toContain('schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="/live/time"');
    const clock = await (await fetch(`${served.url}live/time`)).text();
    expect(Math.abs(Date.parse(clock) - Date.now())).toBeLessThan(1000);
    const playing = probe(url("master.m3u8"));
    await publishing;
    broadcast.end();
    await packaging.done;
    // A live player begins three segments from the end: what matters is that it reached the end.
    expect(framesOf(await playing, "video")).toBeGreaterThan(0);
  }, 60_000);

  test("another resolution in mid-stream is a discontinuity and a Period, and every frame plays", async () => {
    const [small, wide] = [await makeFlv(SHORT), await makeFlv(WIDE)];
    const live = goLive("resolution");
    const { broadcast, packaging, text } = live;
    await publish(broadcast, small, { pace: 20 });
    await publish(broadcast, wide, { pace: 20, offset: lengthOf(small) });
    broadcast.end();
    await packaging.done;
    expect(packaging.stats).toMatchObject({ state: "ended", epochs: 2, restarts: 0 });
    for (const rendition of ["video", "audio"]) {
      const playlist = await text(`${rendition}/index.m3u8`);
      expect(match(playlist, /^#EXT-X-DISCONTINUITY$/gm)).toBe(1);
      expect(match(playlist, /^#EXT-X-MAP:/gm)).toBe(2);
    }
    const manifest = await text("manifest.mpd");
    expect(match(manifest, /<Period /g)).toBe(2);
    expect(manifest).toContain('width="640" height="360"');
    expect(await framesByEpoch(live, "video")).toEqual([count(small, "video"), count(wide, "video")]);
    const sound = await framesByEpoch(live, "audio");
    expect(sound[0]! + sound[1]!).toBeGreaterThanOrEqual(count(small, "audio") + count(wide, "audio") - 8);
  }, 60_000);

  test("a GOP that gets longer keeps TARGETDURATION: segments are cut, and no longer claimed independent", async () => {
    const short = await makeFlv({ seconds: 2, video: { gop: 60 }, audio: {} });
    const long = await makeFlv({ seconds: 9, video: { gop: 150 }, audio: {} });
    const { broadcast, packaging, url, text } = goLive("gop");
    await publish(broadcast, short, { pace: 20 });
    // The same encoder: no new configuration.
    await publish(
      broadcast,
      long.filter((tag) => tag.kind !== "script" && tag.body[1] !== 0),
      { pace: 20, offset: lengthOf(short) },
    );
    broadcast.end();
    await packaging.done;
    const playlist = await text("video/index.m3u8");
    expect(playlist).toContain("#EXT-X-TARGETDURATION:2\n");
    const lengths = [...playlist.matchAll(/^#EXTINF:([\d.]+),$/gm)].map((found) => Number(found[1]));
    expect(lengths.length).toBeGreaterThanOrEqual(5);
    for (const length of lengths) expect(Math.round(length)).toBeLessThanOrEqual(2);
    expect(playlist).not.toContain("#EXT-X-INDEPENDENT-SEGMENTS");
    expect(await text("master.m3u8")).not.toContain("#EXT-X-INDEPENDENT-SEGMENTS");
    expect(framesOf(await probe(url("video/index.m3u8")), "video")).toBe(count(short, "video") + count(long, "video"));
  }, 60_000);

  const ALONE: readonly { name: string; recipe: Recipe; kinds: string[] }[] = [
    { name: "sound alone", recipe: { seconds: 7, audio: {} }, kinds: ["audio"] },
    {
      name: "a picture alone at 60 fps",
      recipe: { seconds: 5, video: { fps: 60, gop: 60, bFrames: 3 } },
      kinds: ["video"],
    },
    { name: "MP3", recipe: { seconds: 5, audio: { codec: "libmp3lame", rate: 44100 } }, kinds: ["audio"] },
  ];
  test.each(ALONE)(
    "$name",
    async ({ name, recipe, kinds }) => {
      const tags = await makeFlv(recipe);
      const { broadcast, packaging, url } = goLive(name.replaceAll(/[^a-z0-9]+/gi, "-"));
      await publish(broadcast, tags, { pace: 20 });
      broadcast.end();
      await packaging.done;
      for (const path of ["master.m3u8", "manifest.mpd"]) {
        const streams = await probe(url(path));
        expect([...new Set(streams.map((stream) => stream.codec_type))]).toEqual(kinds);
        for (const kind of kinds) expect(framesOf(streams, kind)).toBeGreaterThan(0.9 * tags.length - 10);
      }
    },
    60_000,
  );

  test.each([
    { name: "back to zero", offset: 0 },
    { name: "forward by a minute", offset: 60_000 },
  ])(
    "a clock that jumps $name is a discontinuity and the timeline goes on",
    async ({ name, offset }) => {
      const tags = await makeFlv(SHORT);
      const { broadcast, packaging, url, text } = goLive(`jump-${offset}`);
      expect(name).not.toBe("");
      const second = tags.filter((tag) => tag.kind !== "script" && tag.body[1] !== 0);
      await publish(broadcast, tags, { pace: 20, offset: 5000 });
      await publish(broadcast, second, { pace: 20, offset: offset === 0 ? 0 : lengthOf(tags) + offset });
      broadcast.end();
      await packaging.done;
      const playlist = await text("video/index.m3u8");
      expect(match(playlist, /^#EXT-X-DISCONTINUITY$/gm)).toBe(1);
      const dates = [...playlist.matchAll(/DATE-TIME:(.+)$/gm)].map((found) => Date.parse(found[1]!));
      for (let index = 1; index < dates.length; index++) expect(dates[index]!).toBeGreaterThan(dates[index - 1]!);
      expect(dates.at(-1)! - dates[0]!).toBeLessThan(30_000);
      expect(framesOf(await probe(url("video/index.m3u8")), "video")).toBe(2 * count(tags, "video"));
    },
    60_000,
  );
});

describe("a broadcast whose ffmpeg dies", () => {
  test("kill -9: a new one takes over from the cached keyframe, nothing is lost or shown twice", async () => {
    const tags = await makeFlv({ ...AV, seconds: 12 });
    const from = children.length;
    const { broadcast, packaging, url, text } = goLive("killed");
    const publishing = publish(broadcast, tags, { pace: 3 });
    await eventually("a second segment", () => packaging.stats.segments >= 5);
    process.kill(children[from]!, "SIGKILL");
    await publishing;
    broadcast.end();
    await packaging.done;
    expect(packaging.stats).toMatchObject({ state: "ended", restarts: 1, epochs: 2 });
    expect(children.length).toBe(from + 2);
    const playlist = await text("video/index.m3u8");
    expect(match(playlist, /^#EXT-X-DISCONTINUITY$/gm)).toBe(1);
    // Players go on over it, and see each frame once.
    expect(framesOf(await probe(url("video/index.m3u8")), "video")).toBe(count(tags, "video"));
  }, 60_000);

  test("one that can't start at all: bounded tries, then it says why", async () => {
    const tags = await makeFlv(AV);
    const { broadcast, packaging, events } = goLive("hopeless", {
      ffmpeg: { ...ffmpeg, path: "/bin/false" },
      limits: { backoffMs: 1, maxBackoffMs: 2, minEpochMs: 1, maxFailures: 3 },
    });
    await publish(broadcast, tags, { pace: 8 });
    await packaging.done;
    expect(packaging.stats.state).toBe("failed");
    expect(packaging.stats.failure).toContain("failed 4 times in a row: ffmpeg ended with code 1");
    expect(events.filter((event) => event.startsWith("remux.gave-up"))).toHaveLength(1);
    broadcast.end();
  }, 60_000);

  test("one that can't keep up: bounded memory, frames dropped to the next keyframe", async () => {
    const tags = await makeFlv(AV);
    const { broadcast, packaging } = goLive("slow", {
      ffmpeg: { ...ffmpeg, path: `${import.meta.dir}/remux/testing/deaf-ffmpeg` },
      limits: { maxQueuedBytes: 64 * 1024 },
    });
    await publish(broadcast, tags);
    expect(packaging.stats.overflows).toBeGreaterThan(0);
    expect(packaging.stats.droppedTags).toBeGreaterThan(0);
    broadcast.end();
    await packaging.stop();
    expect(packaging.stats.segments).toBe(0);
  }, 60_000);

  test("a codec that can't be remuxed here is refused by name", async () => {
    const { broadcast, packaging, refused } = goLive("refused", {
      remuxer: "ffmpeg",
      ffmpeg: { ...ffmpeg, version: "5.1.9", codecs: new Set(["avc1", "mp4a"]) },
    });
    const hevc = new Uint8Array([0x90, 0x68, 0x76, 0x63, 0x31, 1, 2, 3, 4]);
    broadcast.push("video", 0, hevc);
    await packaging.done;
    expect(refused).toHaveLength(1);
    expect(refused[0]).toContain("HEVC needs ffmpeg 6.1");
    expect(packaging.stats.state).toBe("failed");
    const response = await fetch(`${served.url}live/refused/master.m3u8`);
    expect(response.status).toBe(404);
  });

  test("stop lists what ffmpeg still holds and leaves no child", async () => {
    const tags = await makeFlv(AV);
    const { broadcast, packaging, text } = goLive("stopped");
    await publish(broadcast, tags, { pace: 8 });
    await packaging.stop();
    expect(packaging.stats.state).toBe("ended");
    expect(await text("video/index.m3u8")).toContain("#EXT-X-ENDLIST");
    broadcast.end();
    for (const pid of children) expect(isAlive(pid)).toBeFalse();
  }, 60_000);
});

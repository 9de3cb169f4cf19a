/** Pictures of real video by real ffmpeg, and the storyboard that names them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Milliseconds } from "../bytes/units.ts";
import type { EpochInfo, MediaSegment } from "../packager/segment.ts";
import { type BroadcastPictures, makeBroadcastPictures, type PictureStore } from "./broadcast-pictures.ts";
import { type Drawer, type Drawn, makeDrawer, PictureError } from "./drawer.ts";
import { TILE_BYTES } from "./picture-argv.ts";
import { renderStoryboard, withToken } from "./storyboard.ts";

setDefaultTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "streamhub-pictures-"));
const drawer = makeDrawer({ path: "ffmpeg", timeoutMs: 60_000 });
afterAll(async () => {
  await drawer.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One fragmented MP4 that begins with a keyframe. */
async function encode(name: string, source: string, args: readonly string[]): Promise<Uint8Array> {
  const file = join(folder, name);
  const child = Bun.spawn(
    [
      ...["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", source, "-frames:v", "12", ...args],
      ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", file],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  expect(await child.exited).toBe(0);
  return Bun.file(file).bytes();
}

const X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "2"];

/** VP8 bit streams: RFC 6386 §9.1, in the RIFF container of WebP. */
function sizeOf(webp: Uint8Array): { width: number; height: number } {
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  expect(Buffer.from(webp.subarray(0, 4)).toString()).toBe("RIFF");
  expect(Buffer.from(webp.subarray(8, 15)).toString()).toBe("WEBPVP8");
  expect(view.getUint32(4, true)).toBe(webp.length - 8);
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

describe("drawing", () => {
  test.each([
    ["1280x720", X264, [640, 360], [320, 180]],
    ["720x1280", X264, [640, 1138], [320, 570]],
    ["426x240", X264, [426, 240], [320, 180]],
    ["200x112", X264, [200, 112], [200, 112]],
    ["640x480", [...X264, "-vf", "setsar=4/3"], [640, 360], [320, 180]],
    ["1280x720", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"], [640, 360], [320, 180]],
    ["640x360", ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"], [640, 360], [320, 180]],
  ] as const)("%s %p", async (size, args, large, small) => {
    const media = await encode(`${size}-${args.length}.mp4`, `testsrc2=s=${size}:r=25`, args);
    const drawn = await drawer.keyframe([media]);
    expect(Object.values(sizeOf(drawn.large))).toEqual([...large]);
    expect(Object.values(sizeOf(drawn.small))).toEqual([...small]);
    expect(drawn.tile.length).toBe(TILE_BYTES);
  });

  test("a sheet is 5 by 5, with fewer tiles too", async () => {
    const tile = new Uint8Array(TILE_BYTES).fill(128);
    for (const count of [1, 7, 25, 40]) {
      const sheet = await drawer.sheet(new Array<Uint8Array>(count).fill(tile));
      expect(Object.values(sizeOf(sheet))).toEqual([800, 450]);
    }
  });

  test("what is no video is refused, and nothing stays behind", async () => {
    for (const media of [[], [new Uint8Array(3_000).fill(7)]]) {
      const error = await drawer.keyframe(media).catch((error) => error);
      expect(error).toBeInstanceOf(PictureError);
      expect(error.code).toBe("picture.failed");
    }
  });

  test("more than may wait is refused at once; those that wait get their turn", async () => {
    const own = makeDrawer({ path: "ffmpeg", atOnce: 1, maxWaiting: 2, timeoutMs: 60_000 });
    const tile = [new Uint8Array(TILE_BYTES)];
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => own.sheet(tile)));
    const fulfilled = outcomes.map(({ status }) => status === "fulfilled");
    expect(fulfilled).toEqual([true, true, true, false, false]);
    expect(own.stats).toMatchObject({ drawn: 3, dropped: 2, failed: 0 });
    expect(own.stats.cpuSeconds).toBeGreaterThan(0);
    await own.stop();
    expect((await own.sheet(tile).catch((error) => error)).code).toBe("picture.busy");
  });

  test("thumbnails have their share of the processors, and no more; sheets are drawn all the same", async () => {
    const own = makeDrawer({ path: "ffmpeg", processors: 1e-5, timeoutMs: 60_000 });
    const media = await encode("share.mp4", "testsrc2=s=320x180:r=25", X264);
    await own.keyframe([media]);
    expect((await own.keyframe([media]).catch((error) => error)).code).toBe("picture.busy");
    await own.sheet([new Uint8Array(TILE_BYTES)]);
    expect(own.stats).toMatchObject({ drawn: 2, dropped: 1, failed: 0 });
    await own.stop();
  });

  test("no pipe is left open by those that are drawn, fail or are ended", async () => {
    const media = await encode("pipes.mp4", "testsrc2=s=320x180:r=25", X264);
    const open = () => {
      Bun.gc(true);
      return readdirSync("/proc/self/fd").length;
    };
    const own = makeDrawer({ path: "ffmpeg", processors: 1_000, timeoutMs: 60_000 });
    const late = makeDrawer({ path: "ffmpeg", processors: 1_000, timeoutMs: 1 });
    const turn = async () => {
      await own.keyframe([media]);
      await own.keyframe([media.subarray(0, 900)]).catch(() => {});
      await late.keyframe([media]).catch(() => {});
    };
    await turn();
    const before = open();
    for (let count = 0; count < 6; count++) await turn();
    expect(own.stats).toMatchObject({ drawn: 7, failed: 7 });
    expect(late.stats.failed).toBe(7);
    // The runtime's own pipes of a child that is just over may take a moment; ours would be 36.
    expect(open() - before).toBeLessThan(12);
    await Promise.all([own.stop(), late.stop()]);
  });

  test("one that takes too long is ended", async () => {
    const own = makeDrawer({ path: "ffmpeg", timeoutMs: 1 });
    expect((await own.sheet([new Uint8Array(TILE_BYTES)]).catch((error) => error)).code).toBe("picture.late");
    await own.stop();
  });

  test("stopping ends those that draw and those that wait", async () => {
    const own = makeDrawer({ path: "ffmpeg", atOnce: 1 });
    const all = [1, 2, 3].map(() => own.sheet([new Uint8Array(TILE_BYTES)]).catch((error) => error));
    await own.stop();
    await Promise.all(all);
  });
});

/** A drawer that knows what it was asked for. */
function makeFake(fails: () => boolean = () => false) {
  const asked: string[] = [];
  const fake: Drawer = {
    async keyframe(media): Promise<Drawn> {
      asked.push(`keyframe ${media.length}`);
      if (fails()) throw new PictureError("picture.failed", "no decoder");
      const large = Uint8Array.of(asked.length);
      return { large, small: Uint8Array.of(0, asked.length), tile: new Uint8Array(TILE_BYTES) };
    },
    async sheet(tiles) {
      asked.push(`sheet ${tiles.length}`);
      return Uint8Array.of(tiles.length);
    },
    stats: { drawn: 0, failed: 0, dropped: 0, cpuSeconds: 0 },
    stop: async () => {},
  };
  return { fake, asked };
}

function epoch(number: number): EpochInfo {
  const track = {
    kind: "video" as const,
    timescale: 1_000,
    sampleEntry: new Uint8Array(),
    codecs: "avc1",
    width: 2,
    height: 2,
  };
  const tracks = [{ rendition: "video", track, timescale: 1_000, init: new Uint8Array(1) }];
  return { number, isFirst: number === 1, firstNumber: 1, startsAt: 0 as Milliseconds, tracks };
}

const segment = (second: number, more: Partial<MediaSegment> = {}): MediaSegment => ({
  kind: "media",
  number: second,
  epoch: epoch(1),
  timescale: 1_000,
  time: second * 1_000,
  duration: 2_000,
  isIndependent: true,
  parts: [],
  bytes: new Uint8Array(1),
  ...more,
});

/** Every two seconds, each drawn before the next one comes. */
async function play(
  pictures: BroadcastPictures,
  from: number,
  to: number,
  more?: Partial<MediaSegment>,
): Promise<void> {
  for (let second = from; second < to; second += 2) {
    pictures.onSegment("video", segment(second, more));
    pictures.onSegment("audio", segment(second, more));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

function makeStore() {
  const files = new Map<string, Uint8Array>();
  const store: PictureStore = {
    put: async (name, bytes) => void files.set(name, bytes),
    get: async (name) => files.get(name) ?? null,
  };
  return { store, files };
}

const START = Date.parse("2026-11-25T12:00:00Z");
const common = { startedAt: START, dvrSeconds: 0, clock: () => 0 };

describe("a broadcast's pictures", () => {
  let made: ReturnType<typeof makeFake>;
  beforeAll(() => {
    made = makeFake();
  });

  test("there is none before the first keyframe; then one every ten seconds", async () => {
    const { fake, asked } = makeFake();
    const covers: number[] = [];
    const pictures = makeBroadcastPictures({
      ...common,
      drawer: fake,
      store: null,
      onCover: async (picture) => void covers.push(picture[0]!),
    });
    expect([pictures.thumbnail(640), pictures.storyboard(null), await pictures.sheet(0)]).toEqual([null, null, null]);
    await play(pictures, 4, 6, { isIndependent: false });
    expect(asked).toEqual([]);
    await play(pictures, 6, 66);
    expect(asked).toEqual(new Array(6).fill("keyframe 2"));
    expect(pictures.thumbnail(640)).toEqual({ bytes: Uint8Array.of(6), version: 6 });
    expect(pictures.thumbnail(320)).toEqual({ bytes: Uint8Array.of(0, 6), version: 6 });
    expect(covers).toEqual([1]);
    await pictures.finish();
    await pictures.finish();
    expect(covers).toEqual([1, 6]);
  });

  test("the storyboard has them all, in sheets of 25; the one that grows is drawn when it is asked for, once", async () => {
    const { fake, asked } = makeFake();
    const pictures = makeBroadcastPictures({ ...common, drawer: fake, store: null });
    await play(pictures, 4, 4 + 270);
    expect(asked.filter((what) => what.startsWith("sheet"))).toEqual(["sheet 25"]);
    const lines = pictures.storyboard(null)!.split("\n");
    expect(lines.slice(0, 6)).toEqual([
      "WEBVTT",
      "",
      "NOTE zero 2026-11-25T12:00:04.000Z",
      "",
      "00:00:00.000 --> 00:00:10.000",
      `storyboard-${START}-0.webp#xywh=0,0,160,90`,
    ]);
    expect(lines.slice(-4)).toEqual([
      "",
      "00:04:20.000 --> 00:04:30.000",
      `storyboard-${START}-1.webp?tiles=2#xywh=160,0,160,90`,
      "",
    ]);
    expect(await pictures.sheet(0)).toEqual({ bytes: Uint8Array.of(25), isWhole: true });
    const growing = await Promise.all([1, 2, 3].map(() => pictures.sheet(1)));
    expect(growing).toEqual(new Array(3).fill({ bytes: Uint8Array.of(2), isWhole: false }));
    expect(asked.filter((what) => what.startsWith("sheet"))).toEqual(["sheet 25", "sheet 2"]);
    expect(await pictures.sheet(2)).toBeNull();
    expect(pictures.storyboard("a b")).toContain(`-0.webp?token=a%20b#xywh`);
    expect(pictures.storyboard("a b")).toContain(`?tiles=2&token=a%20b#xywh`);
  });

  test("in memory are a few sheets; what is stored can be rewound to, as far as viewers may", async () => {
    const { store, files } = makeStore();
    const sheetsOf = (text: string) => [
      ...new Set([...text.matchAll(/-(\d+)\.webp/g)].map((match) => Number(match[1]))),
    ];
    const all = makeBroadcastPictures({ ...common, drawer: made.fake, store, dvrSeconds: null });
    const none = makeBroadcastPictures({ ...common, drawer: made.fake, store: null });
    const hour = makeBroadcastPictures({ ...common, drawer: made.fake, store, dvrSeconds: 600 });
    for (const pictures of [all, none, hour]) await play(pictures, 0, 8 * 250 + 20);
    expect(sheetsOf(all.storyboard(null)!)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(sheetsOf(none.storyboard(null)!)).toEqual([5, 6, 7, 8]);
    expect(sheetsOf(hour.storyboard(null)!)).toEqual([5, 6, 7, 8]);
    expect(await none.sheet(0)).toBeNull();
    expect(await all.sheet(0)).toEqual({ bytes: Uint8Array.of(25), isWhole: true });
    // After a crash the storyboard of the recording goes as far as whole sheets.
    const { length } = new TextDecoder().decode(files.get("storyboard.vtt")).match(/xywh/g)!;
    expect(length).toBe(200);
    await all.finish();
    expect(files.get("storyboard-8.webp")).toEqual(Uint8Array.of(2));
    const text = new TextDecoder().decode(files.get("storyboard.vtt"));
    expect(text.match(/xywh/g)!.length).toBe(202);
    expect(text).toContain("storyboard-8.webp#xywh=0,0,160,90");
    expect(new TextDecoder().decode(withToken(files.get("storyboard.vtt")!, "t"))).toContain("-8.webp?token=t#xywh=0");
  });

  test("what can't be decoded is said once, and tried again when the encoder changes", async () => {
    let fails = true;
    const { fake, asked } = makeFake(() => fails);
    const told: string[] = [];
    const pictures = makeBroadcastPictures({
      ...common,
      drawer: fake,
      store: null,
      onFailure: (reason) => told.push(reason),
    });
    await play(pictures, 0, 200);
    expect(asked.length).toBe(3);
    await play(pictures, 200, 400, { epoch: epoch(2) });
    expect(asked.length).toBe(6);
    expect(told).toEqual(["no decoder"]);
    fails = false;
    await play(pictures, 400, 402, { epoch: epoch(3) });
    expect(pictures.thumbnail(640)).not.toBeNull();
  });

  test("a machine that takes long draws seldom", async () => {
    let now = 0;
    const { fake, asked } = makeFake();
    const slow: Drawer = {
      ...fake,
      keyframe(media) {
        now += 3_000;
        return fake.keyframe(media);
      },
    };
    const pictures = makeBroadcastPictures({ ...common, drawer: slow, store: null, clock: () => now });
    await play(pictures, 0, 120);
    expect(asked.length).toBe(4);
  });

  test("a storage that fails costs the recording its pictures, nothing else", async () => {
    const broken: PictureStore = {
      put: () => Promise.reject(new Error("full")),
      get: () => Promise.reject(new Error("full")),
    };
    const pictures = makeBroadcastPictures({ ...common, drawer: made.fake, store: broken, dvrSeconds: null });
    await play(pictures, 0, 2_000);
    expect(pictures.thumbnail(640)).not.toBeNull();
    expect(await pictures.sheet(0)).toBeNull();
    await pictures.finish();
  });
});

test("hours of a long broadcast", () => {
  const text = renderStoryboard({
    zero: 0,
    times: [360_000.25],
    first: 30,
    end: 360_001,
    sheetUri: (sheet) => `s${sheet}`,
  });
  expect(text).toContain("100:00:00.250 --> 100:00:01.000\ns1#xywh=0,90,160,90");
});

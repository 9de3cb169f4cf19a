/** Rewinding, recordings and what becomes of them, on real servers with a real encoder. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import {
  makeDataDir,
  type Publisher,
  probe,
  publish,
  removeDataDir,
  startServer,
  streamhub,
  type TestServer,
  until,
} from "./e2e/server.ts";

setDefaultTimeout(180_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

async function start(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer(options);
  cleanUps.push(() => server.killHard().catch(() => {}));
  return server;
}
function dataDir(): string {
  const path = makeDataDir();
  cleanUps.push(() => removeDataDir(path));
  return path;
}
function encoder(server: TestServer, seconds: number): Publisher {
  const publisher = publish(`${server.rtmp}/${server.streamKey}`, { seconds });
  cleanUps.push(() => publisher.stop());
  return publisher;
}

const textOf = async (url: string): Promise<string> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
};
const segmentsOf = (playlist: string): number[] =>
  [...playlist.matchAll(/^(\d+)\.m4s$/gm)].map(([, number]) => Number(number));
const secondsOf = (playlist: string): number =>
  [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].reduce((sum, [, length]) => sum + Number(length), 0);

interface Decoded {
  readonly video: number;
  readonly seconds: number;
}

/** Decodes all of it: how many pictures come out, and how long it is. */
async function decode(url: string): Promise<Decoded> {
  const child = Bun.spawn(
    [
      ...["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v"],
      ...["-show_entries", "stream=nb_read_frames:format=duration", "-of", "json", url],
    ],
    { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 60_000 },
  );
  const [out, said] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const { streams, format } = JSON.parse(out) as {
    streams: { nb_read_frames: string }[];
    format: { duration?: string };
  };
  if (said !== "") throw new Error(said);
  return { video: Number(streams[0]!.nb_read_frames), seconds: Number(format.duration) };
}

const live = (server: TestServer, name: string) => `${server.site}/live/${server.slug}/${name}`;
const vod = (server: TestServer, name: string) => `${server.site}/vod/1/${name}`;

describe("a broadcast", () => {
  test("is rewound beyond what is in memory, and afterwards all of it is there: HLS, DASH, ranges", async () => {
    const server = await start({ dataDir: dataDir() });
    const seconds = 40;
    const publisher = encoder(server, seconds);
    await until("it is live", () => textOf(live(server, "video/index.m3u8")));
    // Memory holds twelve seconds that are listed, and those that were.
    const playlist = await until(
      "more is listed than memory holds",
      async () => {
        const text = await textOf(live(server, "video/index.m3u8"));
        return secondsOf(text) > 30 && text;
      },
      60,
    );
    const first = segmentsOf(playlist)[0]!;
    for (const rendition of ["video", "audio"]) {
      const response = await fetch(live(server, `${rendition}/${first}.m4s`));
      expect(response.status).toBe(200);
      const bytes = await response.bytes();
      expect(new TextDecoder().decode(bytes.subarray(4, 8))).toMatch(/styp|moof|prft|sidx/);
      const range = await fetch(live(server, `${rendition}/${first}.m4s`), { headers: { range: "bytes=4-7" } });
      expect(range.status).toBe(206);
      expect(range.headers.get("content-range")).toBe(`bytes 4-7/${bytes.length}`);
      expect(await range.bytes()).toEqual(bytes.subarray(4, 8));
    }
    expect(await textOf(live(server, "manifest.mpd"))).toContain('timeShiftBufferDepth="PT7200S"');
    const skipped = await textOf(live(server, "video/index.m3u8?_HLS_skip=YES"));
    expect(skipped).toMatch(/EXT-X-SKIP:SKIPPED-SEGMENTS=\d+/);
    expect(segmentsOf(skipped).length).toBeLessThan(segmentsOf(playlist).length);
    expect((await fetch(vod(server, "master.m3u8"))).status).toBe(404);

    await publisher.exited;
    await until("the recording is there", () => textOf(vod(server, "master.m3u8")), 20);
    const recorded = await textOf(vod(server, "video/index.m3u8"));
    expect(recorded).toContain("#EXT-X-PLAYLIST-TYPE:VOD");
    expect(recorded).toEndWith("#EXT-X-ENDLIST\n");
    expect(segmentsOf(recorded)[0]).toBe(first);
    const frames = seconds * 30;
    const hls = await decode(vod(server, "master.m3u8"));
    expect(hls.video).toBeGreaterThanOrEqual(frames - 2);
    expect(Math.abs(hls.seconds - seconds)).toBeLessThan(0.5);
    const dash = await decode(vod(server, "manifest.mpd"));
    expect(dash.video).toBe(hls.video);
    expect((await probe(vod(server, "master.m3u8"))).map(({ type }) => type).toSorted()).toEqual(["audio", "video"]);

    const file = await fetch(vod(server, "download.mp4"));
    expect(file.headers.get("content-disposition")).toContain("attachment");
    const bytes = await file.bytes();
    expect(file.headers.get("content-length")).toBe(String(bytes.length));
    // Progressive: its index comes first.
    const text = new TextDecoder("latin1").decode(bytes);
    expect(text.indexOf("moov")).toBeLessThan(text.indexOf("mdat"));
    const download = await decode(vod(server, "download.mp4"));
    expect(download.video).toBe(hls.video);
    expect(Math.abs(download.seconds - seconds)).toBeLessThan(0.5);
    // What broke off goes on.
    const range = `bytes=${bytes.length - 1000}-`;
    const rest = await fetch(vod(server, "download.mp4"), {
      headers: { range, "if-range": file.headers.get("etag")! },
    });
    expect(rest.status).toBe(206);
    expect(await rest.bytes()).toEqual(bytes.subarray(-1000));
  });

  test("whose server is killed is played up to its last whole segment after a restart", async () => {
    const folder = dataDir();
    const server = await start({ dataDir: folder });
    encoder(server, 60);
    const playlist = await until("some of it is stored", async () => {
      const text = await textOf(live(server, "video/index.m3u8"));
      return secondsOf(text) > 9 && text;
    });
    await server.killHard();
    const again = await start({ dataDir: folder });
    const recorded = await until("the recording is there", () => textOf(vod(again, "video/index.m3u8")));
    // What was listed a moment before may have been on its way to the disk.
    expect(segmentsOf(recorded)).toEqual(expect.arrayContaining(segmentsOf(playlist).slice(0, -2)));
    const { video } = await decode(vod(again, "master.m3u8"));
    expect(video).toBeGreaterThanOrEqual((secondsOf(playlist) - 5) * 30);
    expect(Math.abs(video - secondsOf(recorded) * 30)).toBeLessThanOrEqual(2);
    expect(again.log()).toContain("recordings.recovered");
  });

  test("goes on when the disk is full; its status says that it is not recorded any more", async () => {
    const folder = dataDir();
    const small = join(folder, "recordings");
    mkdirSync(small);
    const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", small]);
    if (mounted.exitCode === 0) cleanUps.push(() => Bun.spawnSync(["umount", "-l", small]));
    // Who may not mount has a disk that is full by its settings.
    const env = { RECORDING_MIN_FREE_BYTES: mounted.exitCode === 0 ? "0" : "8000T" };
    const server = await start({ dataDir: folder, env });
    const publisher = encoder(server, 60);
    const count = async () => segmentsOf(await textOf(live(server, "video/index.m3u8")));
    await until("recording stops", async () => server.log().includes("recording.stopped"));
    expect(server.log()).toContain("disk-full");
    const before = (await until("it is live", count)).at(-1)!;
    await until("the broadcast goes on", async () => (await count()).at(-1)! > before + 3);
    const metrics = await textOf(`${server.site}/metrics`);
    expect(metrics).toContain('streamhub_recording_stops_total{reason="disk-full"} 1');
    const { recording } = JSON.parse(await textOf(`${server.site}/api/streams/1`));
    expect(recording).toMatchObject({ state: "stopped", reason: "disk-full" });
    // Every segment that it lists is there.
    for (const number of await count()) {
      const { status } = await fetch(live(server, `video/${number}.m4s`));
      expect(status).toBe(200);
    }
    await publisher.stop();
  });
});

test("a recording goes with its stream, wherever it was made ready", async () => {
  const folder = dataDir();
  const server = await start({ dataDir: folder });
  await encoder(server, 5).exited;
  await until("the recording is there", () => textOf(vod(server, "master.m3u8")));
  expect((await fetch(vod(server, "download.mp4"))).status).toBe(200);
  expect(readdirSync(join(folder, "recordings"))).toEqual(["1"]);
  expect(readdirSync(join(folder, "cache", "downloads"))).toHaveLength(1);

  const login = { login: "root", password: "correct horse battery staple" };
  const command = ["user", "create", "--username", login.login, "--email", "root@example.org"];
  const made = await streamhub([...command, "--role", "admin", "--password-stdin"], {
    env: { DATA_DIR: folder },
    stdin: login.password,
  });
  expect(made.code).toBe(0);
  const json = { "content-type": "application/json" };
  const signedIn = await fetch(`${server.site}/api/auth/login`, {
    method: "POST",
    headers: json,
    body: JSON.stringify(login),
  });
  const { accessToken } = (await signedIn.json()) as { accessToken: string };
  const gone = await fetch(`${server.site}/api/streams/1`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect(gone.status).toBe(204);
  await until("its files are removed", async () => !readdirSync(join(folder, "recordings")).includes("1"));
  expect(readdirSync(join(folder, "cache", "downloads"))).toEqual([]);
  expect((await fetch(vod(server, "master.m3u8"))).status).toBe(404);
});

test("what is not recorded is rewound all the same, and leaves nothing", async () => {
  const folder = dataDir();
  const server = await start({ dataDir: folder });
  await unrecord(folder);
  encoder(server, 60);
  const playlist = await until(
    "more is listed than memory holds",
    async () => {
      const text = await textOf(live(server, "video/index.m3u8"));
      return secondsOf(text) > 26 && text;
    },
    90,
  );
  expect((await fetch(live(server, `video/${segmentsOf(playlist)[0]}.m4s`))).status).toBe(200);
  expect(readdirSync(join(folder, "dvr"))).toHaveLength(1);
  await server.stop();
  expect(readdirSync(join(folder, "dvr"))).toEqual([]);
});

/** As its owner does on the channel's page. */
async function unrecord(folder: string): Promise<void> {
  const handle = await openDatabase({ dataDir: folder, log: silentLog });
  await handle.sql`update channels set is_recorded = false`;
  await handle.close();
}

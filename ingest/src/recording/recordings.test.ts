import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ms } from "../bytes/units.ts";
import { makeVod } from "../delivery/vod.ts";
import { LiveBroadcast } from "../live/broadcast.ts";
import { makePlayback } from "../live/playback.ts";
import type { RecordingAccess, RecordingRegister } from "../live/ports.ts";
import { openDiskStorage } from "../storage/disk.ts";
import { openS3Storage } from "../storage/s3.ts";
import type { Storage } from "../storage/storage.ts";
import { startScratchS3 } from "../storage/testing/scratch-s3.ts";
import { recordingPrefix } from "./names.ts";
import { openRecordings, type Recordings, type RecordingsOptions } from "./recordings.ts";
import { tellBroadcast } from "./testing/told.ts";

setDefaultTimeout(60_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

interface Row {
  state: string;
  reason?: string;
  size: number;
  endedAt: number;
  visibility: RecordingAccess["visibility"];
}

/** The database's part, in a map. */
function makeRegister() {
  const rows = new Map<number, Row>();
  const watched = new Set<number>();
  const gone = new Set<number>();
  const row = (streamId: number): Row => rows.get(streamId)!;
  const register: RecordingRegister = {
    async begun(streamId) {
      rows.set(streamId, { state: "recording", size: 0, endedAt: Date.now(), visibility: "public" });
      return true;
    },
    async stopped(streamId, reason) {
      Object.assign(row(streamId), { state: "stopped", reason });
    },
    async finished(streamId, { size }) {
      if (gone.has(streamId)) return false;
      Object.assign(row(streamId), { state: "ready", size });
      return true;
    },
    async forgotten(streamId) {
      rows.delete(streamId);
    },
    async access(streamId) {
      const found = rows.get(streamId);
      return found === undefined ? null : { visibility: found.visibility, isLive: false };
    },
    unfinished: async () => [...rows].filter(([, { state }]) => state !== "ready").map(([id]) => id),
    orphans: async (ids) => ids.filter((id) => !rows.has(id)),
    finishedOf: async (ids) =>
      ids
        .filter((id) => rows.get(id)?.state === "ready")
        .map((streamId) => ({ streamId, endedAt: ms(row(streamId).endedAt), size: row(streamId).size }))
        .sort((a, b) => a.endedAt - b.endedAt),
    isWatched: async (streamId) => watched.has(streamId),
  };
  return { register, rows, watched, gone };
}

const log = { debug() {}, info() {}, warn() {}, error() {} };

function disk(): Storage {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-recordings-"));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return openDiskStorage(folder);
}

function open(options: Partial<RecordingsOptions> & Pick<RecordingsOptions, "register">): Recordings {
  const storage = options.storage ?? disk();
  const recordings = openRecordings({ scratch: storage, log, retention: { minFreeBytes: 0 }, ...options, storage });
  cleanUps.push(() => recordings.stop());
  return recordings;
}

const broadcast = (streamId: number | null, more: Partial<ConstructorParameters<typeof LiveBroadcast>[0]> = {}) =>
  new LiveBroadcast({
    slug: `channel-${streamId}`,
    streamId,
    visibility: "public",
    latency: "standard",
    isRecorded: true,
    dvrSeconds: 0,
    startedAt: ms(Date.UTC(2026, 10, 24)),
    publisher: { address: "192.0.2.1", lastSeen: ms(0), refuse() {} },
    ...more,
  });

/** From its first segment to what is kept of it. */
async function record(recordings: Recordings, streamId: number, isOver: () => boolean): Promise<void> {
  const archive = recordings.open(broadcast(streamId))!;
  tellBroadcast(archive);
  recordings.close(archive);
  await until(isOver);
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 1_000 && !(await what()); n++) await Bun.sleep(10);
  expect(await what()).toBe(true);
}

for (const kind of ["disk", "s3"] as const) {
  test(`a recording on ${kind} is played: playlists, segments, ranges; private ones only with a token`, async () => {
    let storage = disk();
    if (kind === "s3") {
      const server = await startScratchS3();
      cleanUps.push(server.close);
      storage = openS3Storage(server);
    }
    const { register, rows } = makeRegister();
    const recordings = open({ register, storage, scratch: disk(), now: () => ms(now) });
    let now = 0;
    const vod = makeVod({ recordings, playback: makePlayback(null) });
    const get = async (path: string, init: RequestInit = {}) => vod.handle(new Request(`http://x/vod/${path}`, init))!;
    const absent = await (await get("7/master.m3u8")).text();
    now += 10_000;
    await record(recordings, 7, () => rows.get(7)?.state === "ready");
    now += 10_000;

    const master = await get("7/master.m3u8");
    expect([master.status, master.headers.get("content-type")]).toEqual([200, "application/vnd.apple.mpegurl"]);
    expect(await master.text()).toContain("video/index.m3u8");
    const playlist = await get("7/video/index.m3u8");
    expect(playlist.headers.get("cache-control")).toBe("public, max-age=60");
    const text = await playlist.text();
    expect(text).toContain("#EXT-X-PLAYLIST-TYPE:VOD");
    expect(text).toEndWith("#EXT-X-ENDLIST\n");
    const mpd = await (await get("7/manifest.mpd")).text();
    expect(mpd).toContain('type="static"');
    expect(mpd).toMatch(/<Period id="p\d+" start="PT0S">/);
    const names = [...text.matchAll(/^\d+\.m4s$/gm)].map(([name]) => name);
    expect(names.length).toBeGreaterThan(3);
    for (const name of [...names, /init-\d+\.mp4/.exec(text)![0]]) {
      const whole = await get(`7/video/${name}`);
      expect(whole.headers.get("cache-control")).toContain("immutable");
      const bytes = await whole.bytes();
      expect(Number(whole.headers.get("content-length"))).toBe(bytes.length);
      const part = await get(`7/video/${name}`, { headers: { range: "bytes=10-99" } });
      expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 10-99/${bytes.length}`]);
      expect(await part.bytes()).toEqual(bytes.subarray(10, 100));
      const known = await get(`7/video/${name}`, { headers: { "if-none-match": whole.headers.get("etag")! } });
      expect(known.status).toBe(304);
      const head = await get(`7/video/${name}`, { method: "HEAD" });
      expect([head.status, (await head.bytes()).length]).toEqual([200, 0]);
    }
    for (const path of [
      "7/video/1.m4s",
      "7/video/init-1.mp4",
      "7/other/index.m3u8",
      "8/master.m3u8",
      "7/download.mp4",
      "x/y",
    ])
      expect((await get(path)).status).toBe(404);
    expect((await get("7/master.m3u8", { method: "POST" })).status).toBe(405);

    rows.get(7)!.visibility = "private";
    now += 10_000;
    const hidden = await get("7/master.m3u8");
    expect([hidden.status, await hidden.text()]).toEqual([404, absent]);
    rows.get(7)!.visibility = "unlisted";
    now += 10_000;
    expect((await get("7/master.m3u8")).status).toBe(200);

    await recordings.remove(7);
    expect(await Array.fromAsync(storage.list(recordingPrefix(7)))).toEqual([]);
    expect((await get("7/video/index.m3u8")).status).toBe(404);
  });
}

test("a storage that is away is said to be, and comes back", async () => {
  const { register, rows } = makeRegister();
  const storage = disk();
  let isAway = false;
  const flaky: Storage = {
    ...storage,
    get: (key) => (isAway ? Promise.reject(new Error("away")) : storage.get(key)),
  };
  const recordings = open({ register, storage: flaky });
  await record(recordings, 1, () => rows.get(1)?.state === "ready");
  const vod = makeVod({ recordings, playback: makePlayback(null) });
  isAway = true;
  const get = async () => (await vod.handle(new Request("http://x/vod/1/master.m3u8"))!).status;
  expect(await get()).toBe(503);
  isAway = false;
  expect(await get()).toBe(200);
});

test("the sweep removes what the settings say, never what is watched, and what belongs to nobody", async () => {
  const { register, rows, watched } = makeRegister();
  const storage = disk();
  const removed: string[] = [];
  let now = Date.now();
  const recordings = open({
    register,
    storage,
    retention: { minFreeBytes: 0, maxAgeDays: 1 },
    now: () => ms(now),
    onRemoved: (cause) => removed.push(cause),
  });
  for (const id of [1, 2, 3]) await record(recordings, id, () => rows.get(id)?.state === "ready");
  await storage.put(`${recordingPrefix(9)}video/1.m4s`, new Uint8Array(3));
  for (const id of [1, 2]) rows.get(id)!.endedAt -= 2 * 86_400_000;
  watched.add(2);
  await recordings.sweep();
  expect((await storage.folders("recordings/")).toSorted()).toEqual(["2", "3"]);
  expect(removed.toSorted()).toEqual(["age", "orphan"]);
  // Read a moment ago is watched, too.
  watched.clear();
  await recordings.read(2);
  await recordings.sweep();
  expect(await recordings.read(2)).not.toBeNull();
  now += 3_600_000;
  await recordings.sweep();
  expect(await storage.folders("recordings/")).toEqual(["3"]);
  expect([...rows.keys()]).toEqual([3]);
});

test("what a crash left is finished at the start; what was deleted meanwhile leaves nothing", async () => {
  const { register, rows, gone } = makeRegister();
  const storage = disk();
  const before = open({ register, storage });
  for (const id of [4, 5]) tellBroadcast(before.open(broadcast(id))!);
  await until(() => before.stats.queuedBytes === 0);
  gone.add(5);
  const after = open({ register, storage });
  expect(await after.recover()).toBe(2);
  expect(rows.get(4)!.state).toBe("ready");
  expect(await after.read(4)).not.toBeNull();
  expect(await storage.folders("recordings/")).toEqual(["4"]);
});

test("too little room stops recordings, and says why; a deleted stream's recording is given up", async () => {
  const { register, rows } = makeRegister();
  const storage = { ...disk(), free: async () => 1_000 };
  const stops: string[] = [];
  const full = open({
    register,
    storage,
    retention: { minFreeBytes: 2_000 },
    onStopped: (reason) => stops.push(reason),
  });
  const archive = full.open(broadcast(1))!;
  await until(() => archive.recorder.state === "stopped");
  expect(stops).toEqual(["disk-full"]);
  await until(() => rows.get(1)?.reason === "disk-full");

  const roomy = open({ register, storage, retention: { minFreeBytes: 0 } });
  const other = roomy.open(broadcast(2))!;
  tellBroadcast(other);
  await roomy.remove(2);
  tellBroadcast(other);
  expect(await storage.folders("recordings/")).not.toContain("2");
  expect(roomy.open(broadcast(null, { dvrSeconds: 0 }))).toBeNull();
});

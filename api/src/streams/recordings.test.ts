/** What the API shows of recordings, and that they go with what they are of. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { queries, RECORDING_REMOVAL } from "@streamhub/db";
import { visitorOf } from "../../test/actors.ts";
import { startPlatform, TEST_PASSWORD, type TestPlatform, type TestUser } from "../../test/platform.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
type Asking = Pick<TestUser, "request">;
let ada: TestUser;
let eve: TestUser;
let nobody: Asking;
const removed: number[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser();
  eve = await platform.makeUser();
  nobody = visitorOf(platform);
  await platform.bus.jobs.work(RECORDING_REMOVAL, async (data) => void removed.push(Number(data)));
});
afterAll(() => platform?.close());

interface Stream {
  readonly playback: object | null;
  readonly recording: object | null;
}

async function read<T>(asking: Asking, path: string): Promise<T> {
  const response = await asking.request("GET", path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function until(what: () => boolean): Promise<void> {
  for (let n = 0; n < 200 && !what(); n++) await Bun.sleep(25);
  expect(what()).toBe(true);
}

test("a stream shows its recording: while it grows, when it has stopped, and when it is ready", async () => {
  const { db } = platform.database;
  const channel = await platform.makeChannel("recorded", { owner: ada });
  const id = await channel.goLive();
  const path = `/api/streams/${id}`;
  const live = { hls: "/live/recorded/master.m3u8", dash: "/live/recorded/manifest.mpd" };
  expect(await read<Stream>(nobody, path)).toMatchObject({ recording: null, playback: live });

  expect(await queries.beginRecording(db, id, "node")).toBe(true);
  const growing = {
    state: "recording",
    reason: null,
    duration: null,
    size: null,
    hls: null,
    dash: null,
    download: null,
  };
  for (const asking of [nobody, ada]) {
    expect(await read<Stream>(asking, path)).toMatchObject({ recording: growing, playback: live });
    expect(await read<Stream>(asking, `${path}/status`)).toMatchObject({ recording: growing, playback: live });
  }
  await queries.stopRecording(db, id, "disk-full");
  expect(await read<Stream>(nobody, path)).toMatchObject({ recording: { state: "stopped", reason: "disk-full" } });

  await channel.end();
  expect(await read<Stream>(nobody, path)).toMatchObject({ playback: null });
  const size = 5_000_000_000;
  expect(await queries.finishRecording(db, id, { duration: 61, size, ingestNode: "node" })).toBe(true);
  const at = { hls: `/vod/${id}/master.m3u8`, dash: `/vod/${id}/manifest.mpd` };
  const ready = { state: "ready", reason: "disk-full", duration: 61, size, ...at, download: `/vod/${id}/download.mp4` };
  for (const asking of [nobody, ada]) {
    expect(await read<Stream>(asking, path)).toMatchObject({ recording: ready, playback: at });
    expect(await read<Stream>(asking, `${path}/status`)).toMatchObject({ recording: ready, playback: at });
    const { items } = await read<{ items: Stream[] }>(asking, `/api/streams?channelId=${channel.id}`);
    expect(items[0]).toMatchObject({ recording: ready, playback: at });
  }

  expect((await ada.request("DELETE", path)).status).toBe(204);
  await until(() => removed.includes(id));
  expect(await queries.finishRecording(db, id, { duration: 1, size: 1, ingestNode: "node" })).toBe(false);
  expect(await queries.beginRecording(db, id, "node")).toBe(false);
});

test("a channel's recordings, and an account's, are ordered away with it", async () => {
  const owner = await platform.makeUser();
  const ids: number[] = [];
  for (const slug of ["gone-first", "gone-last"]) {
    const channel = await platform.makeChannel(slug, { owner });
    ids.push(await channel.goLive());
    await channel.end();
    if (slug === "gone-first") expect((await owner.request("DELETE", `/api/channels/${channel.id}`)).status).toBe(204);
  }
  await until(() => removed.includes(ids[0]!));
  expect(removed).not.toContain(ids[1]!);
  expect((await owner.request("DELETE", `/api/users/${owner.id}`, { password: TEST_PASSWORD })).status).toBe(204);
  await until(() => removed.includes(ids[1]!));
});

test("what a database knows of recordings: whose are unfinished, whose are orphans, which are the oldest", async () => {
  const { db, sql } = platform.database;
  const ids: number[] = [];
  for (const slug of ["first", "second", "third"]) {
    const channel = await platform.makeChannel(slug, { owner: ada });
    const id = await channel.goLive();
    ids.push(id);
    await queries.beginRecording(db, id, slug === "third" ? "other" : "node");
    if (slug !== "first") await channel.end();
  }
  const [first, second, third] = ids as [number, number, number];
  expect(await queries.unfinishedRecordings(db, { node: "node" })).toEqual([second]);
  expect(await queries.unfinishedRecordings(db, { overFor: 3_600_000 })).toEqual([]);
  await sql`update streams set started_at = now() - interval '3 hours', ended_at = now() - interval '2 hours' where id = ${third}`;
  expect(await queries.unfinishedRecordings(db, { overFor: 3_600_000 })).toEqual([third]);

  for (const id of [second, third])
    await queries.finishRecording(db, id, { duration: 1, size: id, ingestNode: "node" });
  const finished = await queries.finishedRecordings(db, ids);
  expect(finished.map(({ streamId, size }) => [streamId, size])).toEqual([
    [third, third],
    [second, second],
  ]);
  expect(await queries.orphanedRecordings(db, [first, 1, third + 1_000])).toEqual([1]);
});

test("settings of a channel are its owner's to see and to change", async () => {
  const settings = {
    latency: "ultra",
    secondEncoder: "refuse",
    remuxer: "native",
    isRecorded: false,
    dvrSeconds: null,
  };
  const made = await ada.request("POST", "/api/channels", { title: "Mine", settings });
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as { id: number };
  const path = `/api/channels/${id}`;
  expect(await read<object>(ada, path)).toMatchObject({ settings });
  for (const asking of [nobody, eve]) expect(await read<object>(asking, path)).toMatchObject({ settings: null });
  const { items } = await read<{ items: { id: number; settings: object | null }[] }>(eve, "/api/channels?limit=100");
  expect(items.every((channel) => channel.settings === null)).toBe(true);

  const changed = await ada.request("PUT", path, { settings: { dvrSeconds: 600, isRecorded: true } });
  expect(changed.status).toBe(200);
  expect(await changed.json()).toMatchObject({ settings: { ...settings, dvrSeconds: 600, isRecorded: true } });
  expect((await eve.request("PUT", path, { settings: { dvrSeconds: 1 } })).status).toBe(403);
  for (const wrong of [
    { dvrSeconds: -1 },
    { dvrSeconds: 1.5 },
    { latency: "none" },
    { secondEncoder: null },
    { remuxer: "gpac" },
  ])
    expect((await ada.request("PUT", path, { settings: wrong })).status).toBe(422);

  const key = async () => (await read<{ streamKey: string }>(ada, `${path}/stream-key`)).streamKey;
  const before = await key();
  await ada.request("PUT", path, { settings: { streamKey: "x", userId: eve.id, dvrSeconds: 5 } });
  expect(await key()).toBe(before);
});

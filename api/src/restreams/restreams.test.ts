/** Restreams over the API: what is taken, what is told, and that the key of another service is told nobody. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { INGEST_TOPIC, queries, sampleKey } from "@streamhub/db";
import { startPlatform, type TestPlatform, type TestUser } from "../../test/platform.ts";

setDefaultTimeout(60_000);

const KEY = "live_123_s3cretOfTheService";
const URL_OUTSIDE = "rtmp://push.example.org/app";
let platform: TestPlatform;
let owner: TestUser;
let names = 0;

beforeAll(async () => {
  platform = await startPlatform();
  owner = await platform.makeUser();
});
afterAll(() => platform?.close());

interface Shown {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly isActive: boolean;
  readonly hasKey: boolean;
  readonly status: { readonly state: string };
}

const makeChannel = () => platform.makeChannel(`channel-${++names}`, { owner });
const pathOf = (channelId: number, id?: number) =>
  `/api/channels/${channelId}/restreams${id === undefined ? "" : `/${id}`}`;
const body = (more: object = {}) => ({ name: "Elsewhere", url: URL_OUTSIDE, key: KEY, ...more });

async function answer<T>(status: number, method: string, path: string, sent?: unknown, headers = {}): Promise<T> {
  const response = await owner.request(method, path, sent, headers);
  const text = await response.text();
  expect({ path, status: response.status, text }).toMatchObject({ status });
  return JSON.parse(text === "" ? "null" : text) as T;
}
const make = (channelId: number, more: object = {}) => answer<Shown>(201, "POST", pathOf(channelId), body(more));
const list = async (channelId: number) => (await answer<{ items: Shown[] }>(200, "GET", pathOf(channelId))).items;
/** What ingest gets. */
const targets = async (streamId: number) =>
  (await queries.activeRestreams(platform.database.db, streamId)).map(({ url, keySealed }) => [
    url,
    platform.vault.open(keySealed),
  ]);

describe("a restream", () => {
  test("is made, listed, changed and deleted, and its key is never told", async () => {
    const { id: channelId } = await makeChannel();
    const made = await make(channelId);
    expect(made).toMatchObject({ name: "Elsewhere", url: URL_OUTSIDE, isActive: true, hasKey: true });
    expect(made.status).toMatchObject({ state: "off", since: null, fault: null, bytes: 0, droppedFrames: 0 });
    const renamed = await answer<Shown>(200, "PATCH", pathOf(channelId, made.id), { name: "There", isActive: false });
    expect(renamed).toMatchObject({ id: made.id, name: "There", url: URL_OUTSIDE, isActive: false, hasKey: true });
    const said = [
      made,
      renamed,
      await list(channelId),
      await answer(422, "POST", pathOf(channelId), body({ url: `http://x/${KEY}` })),
    ];
    said.push(await platform.database.sql`select * from restreams`);
    said.push(await platform.database.sql`select * from idempotency_keys`);
    expect(JSON.stringify(said)).not.toContain(KEY);
    await answer(204, "DELETE", pathOf(channelId, made.id));
    expect(await list(channelId)).toEqual([]);
    await answer(404, "DELETE", pathOf(channelId, made.id));
    await answer(404, "PATCH", pathOf(channelId, made.id), { name: "Gone" });
  });

  test("is one of its own channel alone", async () => {
    const [one, other] = [await makeChannel(), await makeChannel()];
    const { id } = await make(one.id);
    await answer(404, "PATCH", pathOf(other.id, id), { isActive: false });
    await answer(404, "DELETE", pathOf(other.id, id));
    expect(await list(one.id)).toHaveLength(1);
  });

  test("goes with its channel", async () => {
    const { id: channelId } = await makeChannel();
    const { id } = await make(channelId);
    await answer(204, "DELETE", `/api/channels/${channelId}`);
    expect(await platform.database.sql`select id from restreams where id = ${id}`).toHaveLength(0);
  });

  test.each([
    ["rtmp://push.example.org/app/KEY-9", undefined, URL_OUTSIDE, "KEY-9"],
    ["rtmp://push.example.org/app/KEY-9?a=b", undefined, URL_OUTSIDE, "KEY-9?a=b"],
    ["rtmp://push.example.org/app/KEY-9", "KEY-9", URL_OUTSIDE, "KEY-9"],
    ["rtmps://push.example.org:443/rtmp/", "KEY-9", "rtmps://push.example.org:443/rtmp", "KEY-9"],
  ])("%s with the key %p is taken apart", async (url, key, address, found) => {
    const channel = await makeChannel();
    const streamId = await channel.goLive();
    const made = await make(channel.id, { url, key });
    expect(made.url).toBe(address);
    expect(await targets(streamId)).toEqual([[address, found]]);
  });

  test.each([
    ["http://push.example.org/app", KEY],
    ["rtmp://user:word@push.example.org/app", KEY],
    ["rtmp://push.example.org/app?x=1", KEY],
    ["rtmp://push.example.org/app#x", KEY],
    ["rtmp://push.example.org", KEY],
    ["rtmp://push.example.org/app", undefined],
    ["rtmp://127.0.0.1/app", KEY],
    ["rtmp://10.0.0.8:1936/app", KEY],
    ["rtmp://[::1]/app", KEY],
    ["rtmp://169.254.169.254/app", KEY],
    ["rtmps://localhost/app", KEY],
    ["rtmp://redis.internal/app", KEY],
    ["rtmp://push.example.org/a p", KEY],
    ["rtmp://push.example.org/app", "a key with blanks"],
  ])("%s with the key %p is refused", async (url, key) => {
    const { id: channelId } = await makeChannel();
    const refused = await answer<{ code: string }>(422, "POST", pathOf(channelId), body({ url, key }));
    expect(refused.code).toBe("request.invalid");
    expect(await list(channelId)).toEqual([]);
  });

  test("a stream key of this platform is refused: the broadcast would go round in a circle", async () => {
    const [one, other] = [await makeChannel(), await makeChannel()];
    for (const { streamKey } of [one, other]) await answer(422, "POST", pathOf(one.id), body({ key: streamKey }));
    const { id } = await make(one.id);
    await answer(422, "PATCH", pathOf(one.id, id), { key: other.streamKey });
  });

  test("another address wants its key with it: no service is sent the key of another", async () => {
    const channel = await makeChannel();
    const streamId = await channel.goLive();
    const { id } = await make(channel.id);
    await answer(422, "PATCH", pathOf(channel.id, id), { url: "rtmp://elsewhere.example.net/app" });
    await answer(200, "PATCH", pathOf(channel.id, id), { url: "rtmp://elsewhere.example.net/app", key: "k2" });
    expect(await targets(streamId)).toEqual([["rtmp://elsewhere.example.net/app", "k2"]]);
    await answer(200, "PATCH", pathOf(channel.id, id), { key: "k3" });
    expect(await targets(streamId)).toEqual([["rtmp://elsewhere.example.net/app", "k3"]]);
    await answer(200, "PATCH", pathOf(channel.id, id), { isActive: false });
    expect(await targets(streamId)).toEqual([]);
  });

  test("there are at most five on a channel, also where they come at once", async () => {
    const { id: channelId } = await makeChannel();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => owner.request("POST", pathOf(channelId), body())),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 201, 409, 409, 409]);
    const refused = answers.find(({ status }) => status === 409)!;
    expect(((await refused.json()) as { code: string }).code).toBe("restream.limit");
  });

  test("is made once for one Idempotency-Key, and the same one with another stream key is another request", async () => {
    const { id: channelId } = await makeChannel();
    const headers = { "idempotency-key": `restream-${channelId}` };
    const first = await answer<Shown>(201, "POST", pathOf(channelId), body(), headers);
    const again = await answer<Shown>(201, "POST", pathOf(channelId), body(), headers);
    expect(again.id).toBe(first.id);
    const other = await answer<{ code: string }>(422, "POST", pathOf(channelId), body({ key: "another" }), headers);
    expect(other.code).toBe("idempotency.mismatch");
    expect(await list(channelId)).toHaveLength(1);
  });

  test("that is made, changed or deleted while it is live is told to ingest at once, and else nobody is", async () => {
    const orders: string[] = [];
    const leave = await platform.bus.events.subscribe([INGEST_TOPIC], ({ data }) => void orders.push(data));
    const channel = await makeChannel();
    const { id: early } = await make(channel.id);
    expect(orders).toEqual([]);
    const streamId = await channel.goLive();
    const { id } = await make(channel.id);
    await answer(200, "PATCH", pathOf(channel.id, id), { isActive: false });
    await answer(204, "DELETE", pathOf(channel.id, early));
    expect(orders).toEqual(Array(3).fill(JSON.stringify({ type: "restreams", streamId })));
    await leave();
  });

  test("says how it goes, in the list and, to its owner, in the stream's status", async () => {
    const channel = await makeChannel();
    const streamId = await channel.goLive();
    const { id } = await make(channel.id);
    const { id: off } = await make(channel.id, { isActive: false });
    const since = "2026-11-27T20:00:00.000Z";
    const fault = { code: "closed", reason: "The service closed the connection." };
    const status = { id, state: "retrying", since, fault, bytes: 1_000, droppedFrames: 3 };
    const measured = { bitrateKbps: null, fps: null, width: null, height: null, videoCodec: null, audioCodec: null };
    const rest = { keyframeIntervalSeconds: null, missingFrames: 0, skewMs: null, problems: [], packaging: null };
    const sample = JSON.stringify({ ...measured, ...rest, restreams: [status] });
    await platform.bus.cache.set(sampleKey(streamId), sample, 60_000);
    const { id: _, ...shown } = status;
    expect((await list(channel.id)).map(({ status: now }) => now as object)).toEqual([
      shown,
      { state: "off", since: null, fault: null, bytes: 0, droppedFrames: 0 },
    ]);
    expect(off).not.toBe(id);
    const path = `/api/streams/${streamId}/status`;
    expect((await answer<{ restreams: unknown }>(200, "GET", path)).restreams).toEqual([status]);
    const visitor = (await (await platform.request("GET", path)).json()) as { restreams: unknown };
    expect(visitor.restreams).toEqual([]);
  });

  test("whose key was sealed with another secret says so", async () => {
    const { id: channelId } = await makeChannel();
    const { id } = await make(channelId);
    await platform.database.sql`update restreams set key_sealed = 'v1.AAAA' where id = ${id}`;
    expect((await list(channelId))[0]?.hasKey).toBe(false);
    await answer(200, "PATCH", pathOf(channelId, id), { key: "new" });
    expect((await list(channelId))[0]?.hasKey).toBe(true);
  });
});

/** API and ingest together, as `serve` and as processes of their own put them together: what an owner orders reaches the encoder. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { startPlatform, type TestPlatform } from "@streamhub/api/testing";
import { type Bus, queries, sampleKey, sendCut } from "@streamhub/db";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { openRedisBus } from "@streamhub/db/bus/redis";
import { silentLog } from "@streamhub/db/scratch";
import { startScratchRedis } from "@streamhub/db/scratch-redis";
import { type Ingest, startIngest } from "@streamhub/ingest";
import {
  ENDED_ELSEWHERE,
  type HealthHistory,
  joinBus,
  makeDatabaseGate,
  makeHealthHistory,
} from "@streamhub/ingest/platform/index";
import { makeFlv } from "@streamhub/ingest/remux/testing/flv";
import { Registry } from "prom-client";
import { type Actor, makeActor } from "../api/test/actors.ts";
import { openClient, type RtmpClient } from "../ingest/test/server/rtmp-client.ts";
import { until } from "./e2e/server.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: Actor;
let key: string;
let channelId: number;
let history: HealthHistory;
const cleanUps: (() => unknown)[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  ada = await makeActor(platform, "ada");
});
afterAll(() => platform?.close());
beforeEach(async () => {
  await platform.database.sql`truncate channels restart identity cascade`;
  const made = await queries.createChannel(platform.database.db, platform.vault, {
    slug: "one",
    title: "One",
    username: "ada",
  });
  channelId = made.id;
  key = made.streamKey;
});
afterEach(async () => {
  for (let cleanUp = cleanUps.pop(); cleanUp !== undefined; cleanUp = cleanUps.pop()) await cleanUp();
});

/** An RTMP server on the platform's database; `bus` is the platform's own, or another one as of a process apart. */
function startNode(bus: Bus, heartbeatMs = 3_600_000): number {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  let ingest: Ingest | null = null;
  const gate = makeDatabaseGate({
    handle: platform.database,
    vault: platform.vault,
    bus,
    nodeId: "node",
    heartbeatMs,
    onTakenOver: (streamId) => ingest?.cut(streamId, ENDED_ELSEWHERE),
    log,
  });
  const { listen, cut, stop, rtmpPort } = startIngest({
    host: "127.0.0.1",
    rtmpPort: 0,
    apps: ["live"],
    gate,
    log,
    metrics: new Registry(),
    ffmpeg: null,
  });
  ingest = { listen, cut } as Ingest;
  history = makeHealthHistory({ write: (minutes) => queries.writeHealth(platform.database.db, minutes), log });
  const leave = joinBus({ bus, ingest: { listen, cut }, log, history, sampleMs: 50 });
  cleanUps.push(async () => {
    await stop();
    await leave();
    await history.stop();
    await gate.close();
  });
  return rtmpPort;
}

async function encoder(port: number, name = key): Promise<RtmpClient> {
  const client = await openClient(port, { mode: "publish", name });
  cleanUps.push(() => client[Symbol.dispose]());
  await until("the server answers", async () => client.session.state === "started" || client.isClosed());
  return client;
}

const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
  const answer = await ada.request(method, path, body);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return (text === "" ? null : JSON.parse(text)) as T;
};
const liveId = () =>
  until("the channel is live", async () => {
    const { items } = await ask<{ items: { id: number }[] }>("GET", "/api/streams?status=live");
    return items[0]?.id;
  });
const lastWord = (client: RtmpClient) => client.events.findLast((event) => event.type === "failed");

describe("in one process", () => {
  test("stop sends the encoder away with a status and a sentence, and keeps it away until a stream is started", async () => {
    const port = startNode(platform.bus);
    const first = await encoder(port);
    expect(first.session.state).toBe("started");
    const id = await liveId();
    await ask("POST", `/api/streams/${id}/stop`);
    await until("the encoder is sent away", async () => first.isClosed());
    expect(lastWord(first)).toEqual({
      type: "failed",
      code: "NetStream.Publish.Rejected",
      description: "This broadcast was stopped on the channel's page.",
    });

    const ghost = await encoder(port);
    expect(lastWord(ghost)).toMatchObject({ code: "NetStream.Publish.BadName" });
    expect(lastWord(ghost)).toMatchObject({
      description: expect.stringMatching(/wait \d+ s, or start a planned stream/),
    });

    const next = await ask<{ id: number }>("POST", `/api/streams/${channelId}`, { title: "Next" });
    await ask("POST", `/api/streams/${next.id}/start`);
    const second = await encoder(port);
    expect(second.session.state).toBe("started");
    expect(await liveId()).toBe(next.id);
  });

  test("a new key cuts the encoder of the old one off; the new one opens at once", async () => {
    const port = startNode(platform.bus);
    const old = await encoder(port);
    await liveId();
    const { streamKey } = await ask<{ streamKey: string }>("POST", `/api/channels/${channelId}/regenerate-stream-key`);
    await until("the encoder is sent away", async () => old.isClosed());
    expect(lastWord(old)).toMatchObject({ description: "This channel has a new stream key; set it in your encoder." });
    expect(lastWord(await encoder(port))).toMatchObject({ code: "NetStream.Publish.BadName" });
    expect((await encoder(port, streamKey)).session.state).toBe("started");
  });

  test("deleting the channel does, too", async () => {
    const client = await encoder(startNode(platform.bus));
    await liveId();
    await ask("DELETE", `/api/channels/${channelId}`);
    await until("the encoder is sent away", async () => client.isClosed());
    expect([...(await platform.database.sql`select id from streams`)]).toEqual([]);
  });

  test("the status says what arrives, and its history keeps it", async () => {
    const client = await encoder(startNode(platform.bus));
    const id = await liveId();
    for (const { kind, timestamp, body } of await makeFlv({ seconds: 5, video: { gop: 30 }, audio: {} }))
      client.send(kind, timestamp, body);
    const status = await until("it is measured", async () => {
      const said = await ask<{ videoCodec: string | null; keyframeIntervalSeconds: number | null }>(
        "GET",
        `/api/streams/${id}/status`,
      );
      return said.videoCodec !== null && said.keyframeIntervalSeconds !== null && said;
    });
    expect(status).toMatchObject({
      state: "live",
      width: 320,
      height: 180,
      videoCodec: "H.264",
      audioCodec: "AAC",
      keyframeIntervalSeconds: 1,
    });
    await history.flush();
    const { points } = await ask<{ points: { bitrateKbps: number; keyframeIntervalSeconds: number | null }[] }>(
      "GET",
      `/api/streams/${id}/health`,
    );
    expect(points.some(({ keyframeIntervalSeconds }) => keyframeIntervalSeconds === 1)).toBe(true);
    const { lastUsedFrom } = await ask<{ lastUsedFrom: string }>("GET", `/api/channels/${channelId}/stream-key`);
    expect(lastUsedFrom).toBe("127.0.0.1");
  });
});

test("in processes apart without a common bus, the heartbeat finds what was stopped", async () => {
  const bus = makeInProcessBus();
  cleanUps.push(() => bus.close());
  const client = await encoder(startNode(bus, 50));
  const id = await liveId();
  await ask("POST", `/api/streams/${id}/stop`);
  await until("the encoder is sent away", async () => client.isClosed());
  expect(lastWord(client)).toMatchObject({ code: "NetStream.Publish.Rejected", description: ENDED_ELSEWHERE });
});

test("in processes apart with a Redis between them, what the one orders the other does at once", async () => {
  const redis = await startScratchRedis();
  cleanUps.push(() => redis.close());
  const [here, there] = await Promise.all([1, 2].map(() => openRedisBus({ url: redis.url, log: silentLog })));
  cleanUps.push(() => Promise.all([here!.close(), there!.close()]));
  // The heartbeat, which would find it too, comes in an hour.
  const client = await encoder(startNode(there!));
  const id = await liveId();
  await until("its samples are on the bus", async () => (await here!.cache.get(sampleKey(id))) !== null);
  await sendCut(here!, id, "The moderator ended it.");
  await until("the encoder is sent away", async () => client.isClosed());
  expect(lastWord(client)).toMatchObject({ description: "The moderator ended it." });
});

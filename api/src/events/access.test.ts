/** Who hears what, over both transports, on a real server. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ownerTopic, publishStreamChange, queries, VIEWERS_TOPIC } from "@streamhub/db";
import {
  type ConnectOptions,
  type EventServer,
  type FeedClient,
  openSocket,
  openStream,
  serveEvents,
} from "../../test/event-clients.ts";
import { startPlatform, type TestChannel, type TestPlatform, type TestUser } from "../../test/platform.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let server: EventServer;
let ada: TestUser;
let eve: TestUser;
let admin: TestUser;
let open: TestChannel;
let unlisted: TestChannel;
let secret: TestChannel;
/** A broadcast of the channel with the same name. */
let openStreamId: number;
let secretStreamId: number;

const clients: FeedClient[] = [];
const keep = async <T extends FeedClient>(client: Promise<T>): Promise<T> => {
  const opened = await client;
  clients.push(opened);
  return opened;
};
const socket = (options?: ConnectOptions) => keep(openSocket(server, options));
const stream = (options?: ConnectOptions) => keep(openStream(server, options));

beforeAll(async () => {
  platform = await startPlatform();
  server = serveEvents(platform, { limits: { recheck: 3_600_000, perAddress: 1_000 } });
  ada = await platform.makeUser({ username: "ada" });
  eve = await platform.makeUser({ username: "eve" });
  admin = await platform.makeUser({ username: "root", role: "admin" });
  open = await platform.makeChannel("open", { owner: ada });
  unlisted = await platform.makeChannel("unlisted", { owner: ada, visibility: "unlisted" });
  secret = await platform.makeChannel("secret", { owner: ada, visibility: "private" });
  openStreamId = await open.goLive();
  secretStreamId = await secret.goLive();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server.stop();
  await platform.close();
});

type Visibility = "public" | "unlisted" | "private";
const change = (channel: TestChannel, slug: string, visibility: Visibility, streamId = 1) =>
  publishStreamChange(platform.bus, "stream.updated", { streamId, channelId: channel.id, slug, visibility });
const isUpdate = (streamId: number) => (message: { type: string; data?: unknown }) =>
  message.type === "stream.updated" && (message.data as { streamId: number }).streamId === streamId;
const updatesOf = (client: FeedClient) =>
  client.messages.flatMap((message) => (message.type === "stream.updated" ? [message.data.streamId] : []));

/** Of each topic: what an SSE request is answered, "ok" when it is let in. */
async function answerTo(topic: string, user?: TestUser): Promise<string> {
  try {
    const client = await openStream(server, { query: `?topics=${topic}`, headers: { ...user?.headers } });
    await client.find(({ type }) => type === "subscribed");
    await client.close();
    return "ok";
  } catch (error) {
    const [status, body] = (error as Error).message.split(/ (.*)/s);
    return `${status} ${(JSON.parse(body!) as { code: string }).code}`;
  }
}

/** The same over a WebSocket. */
async function wordOf(topic: string, user?: TestUser): Promise<string> {
  const client = await socket({ headers: { ...user?.headers } });
  client.say({ type: "subscribe", topics: [topic] });
  const answer = await client.find(({ type }) => type === "subscribed" || type === "error");
  return answer.type === "error" ? answer.code : "ok";
}

describe("who may listen", () => {
  test("matrix of topics and people", async () => {
    const table: [topic: string, nobody: string, eve: string, ada: string, admin: string][] = [
      ["streams", "200", "200", "200", "200"],
      ["viewers", "200", "200", "200", "200"],
      [`channel:${open.id}`, "200", "200", "200", "200"],
      [`channel:${unlisted.id}`, "200", "200", "200", "200"],
      [`channel:${secret.id}`, "404 channel.not-found", "404 channel.not-found", "200", "200"],
      [
        "channel:999999",
        "404 channel.not-found",
        "404 channel.not-found",
        "404 channel.not-found",
        "404 channel.not-found",
      ],
      [
        "channel:9999999999",
        "404 channel.not-found",
        "404 channel.not-found",
        "404 channel.not-found",
        "404 channel.not-found",
      ],
      [`chat:${open.id}`, "200", "200", "200", "200"],
      [`chat:${unlisted.id}`, "200", "200", "200", "200"],
      [`chat:${secret.id}`, "404 channel.not-found", "404 channel.not-found", "200", "200"],
      [`owner:${openStreamId}`, "401 auth.required", "403 auth.forbidden", "200", "200"],
      [`owner:${secretStreamId}`, "404 stream.not-found", "404 stream.not-found", "200", "200"],
      ["owner:999999", "404 stream.not-found", "404 stream.not-found", "404 stream.not-found", "404 stream.not-found"],
    ];
    for (const [topic, ...wanted] of table) {
      const people = [undefined, eve, ada, admin];
      const sse = await Promise.all(people.map((user) => answerTo(topic, user)));
      const ws = await Promise.all(people.map((user) => wordOf(topic, user)));
      const told = wanted.map((answer) => (answer === "200" ? "ok" : answer));
      expect([topic, ...sse]).toEqual([topic, ...told]);
      expect([topic, ...ws]).toEqual([topic, ...told.map((answer) => answer.replace(/^\d+ /, ""))]);
    }
  });

  test("inner topics of the bus, and made-up ones, are not there", async () => {
    for (const topic of [
      "ingest",
      "channel:",
      "channel:0",
      "channel:-1",
      "channel:1e3",
      "owner:01",
      "streams:1",
      "STREAMS",
      "%20x",
      "channel:1%00",
    ])
      expect(await answerTo(topic)).toBe("422 request.invalid");
    for (const topic of ["ingest", "", "channel:١", "streams "]) expect(await wordOf(topic)).toBe("request.invalid");
  });

  test("a token that is none is refused, a cookie that has run out counts as none", async () => {
    await expect(openStream(server, { headers: { authorization: "Bearer nonsense" } })).rejects.toThrow("auth.invalid");
    await expect(openSocket(server, { headers: { authorization: "Bearer nonsense" } })).rejects.toThrow("refused");
    const stale = await stream({ headers: { cookie: "streamhub_access=nonsense" } });
    await stale.find(({ type }) => type === "subscribed");
  });
});

describe("who hears what", () => {
  test("the common topic names public broadcasts alone; a channel's own topic tells those who know it", async () => {
    for (const connect of [socket, stream]) {
      const all = await connect({ query: "?topics=streams" });
      const own = await connect({ query: `?topics=channel:${unlisted.id},channel:${open.id}` });
      const owner = await connect({ query: `?topics=channel:${secret.id}`, headers: { ...ada.headers } });
      for (const client of [all, own, owner]) await client.find(({ type }) => type === "subscribed");
      await change(secret, "secret", "private", 1);
      await change(unlisted, "unlisted", "unlisted", 2);
      await change(open, "open", "public", 3);
      await all.find(isUpdate(3));
      await own.find(isUpdate(3));
      await owner.find(isUpdate(1));
      expect([updatesOf(all), updatesOf(own), updatesOf(owner)]).toEqual([[3], [2, 3], [1]]);
    }
  });

  test("viewer counts: public channels on the common topic, each channel's on its own", async () => {
    const all = await socket({ query: "?topics=viewers" });
    const own = await socket({ query: `?topics=channel:${unlisted.id}` });
    const owner = await socket({ query: `?topics=channel:${secret.id}`, headers: { ...ada.headers } });
    for (const client of [all, own, owner]) await client.find(({ type }) => type === "subscribed");
    const count = (channel: TestChannel, streamId: number, viewers: number) =>
      platform.bus.events.notify(VIEWERS_TOPIC, JSON.stringify({ streamId, channelId: channel.id, viewers }));
    await count(secret, 1, 10);
    await count(unlisted, 2, 20);
    await count(open, 3, 30);
    await platform.bus.events.notify(VIEWERS_TOPIC, JSON.stringify({ streamId: 4, channelId: 999_999, viewers: 40 }));
    const isCount = ({ type }: { type: string }) => type === "viewers";
    expect(await all.find(isCount)).toEqual({
      type: "viewers",
      topic: "viewers",
      data: [{ streamId: 3, channelId: open.id, viewers: 30 }],
    });
    expect(await own.find(isCount)).toMatchObject({ topic: `channel:${unlisted.id}`, data: [{ viewers: 20 }] });
    expect(await owner.find(isCount)).toMatchObject({ topic: `channel:${secret.id}`, data: [{ viewers: 10 }] });
    await count(open, 3, 31);
    await all.find((message) => message.type === "viewers" && message.data[0]?.viewers === 31);
    expect([all, own, owner].map((client) => client.messages.filter(isCount).length)).toEqual([2, 1, 1]);
  });

  test("samples reach the owner; what is none goes nowhere", async () => {
    const client = await stream({ query: `?topics=owner:${openStreamId}`, headers: { ...ada.headers } });
    await client.find(({ type }) => type === "subscribed");
    const say = (data: unknown) =>
      platform.bus.events.notify(ownerTopic(openStreamId), typeof data === "string" ? data : JSON.stringify(data));
    const sample = {
      type: "stream.sample",
      streamId: openStreamId,
      at: new Date().toISOString(),
      bitrateKbps: 2_500,
      fps: 30,
      width: 1280,
      height: 720,
      videoCodec: "H.264",
      audioCodec: null,
      keyframeIntervalSeconds: 2,
      missingFrames: 0,
      skewMs: null,
      problems: [
        {
          code: "gop.long",
          severity: "warning" as const,
          values: { seconds: 6 },
          detail: "Keyframes are far apart.",
          fix: null,
        },
      ],
      packaging: null,
    };
    for (const wrong of ["", "no JSON", "null", "[]", { ...sample, fps: "many" }, { type: "stream.sample" }])
      await say(wrong);
    await say({ ...sample, internal: "stays inside" });
    const { type, ...data } = sample;
    expect(await client.find((message) => message.type === "stream.sample")).toEqual({
      type: "stream.sample",
      topic: `owner:${openStreamId}`,
      data,
      sseId: "",
    });
    expect(client.messages.length).toBe(2);
  });

  test("two processes on one bus tell the same", async () => {
    const other = serveEvents(platform);
    const here = await stream({ query: `?topics=streams,channel:${open.id}` });
    const there = await keep(openStream(other, { query: `?topics=streams,channel:${open.id}` }));
    for (const client of [here, there]) await client.find(({ type }) => type === "subscribed");
    for (let id = 10; id < 30; id++) await change(open, "open", "public", id);
    for (const client of [here, there])
      for (const topic of ["streams", `channel:${open.id}`])
        await client.find((message) => isUpdate(29)(message) && "topic" in message && message.topic === topic);
    const seen = (client: FeedClient, topic: string) =>
      client.messages
        .filter((message) => "id" in message && message.topic === topic)
        .map((message) => ("id" in message ? message.id : ""));
    for (const topic of ["streams", `channel:${open.id}`]) {
      expect(seen(here, topic).length).toBe(20);
      expect(seen(there, topic)).toEqual(seen(here, topic));
    }
    await other.stop();
  });
});

describe("rights that end", () => {
  test("a session that is over ends its connections, others go on", async () => {
    const guest = await platform.makeUser();
    const ws = await socket({ query: "?topics=streams", headers: { ...guest.headers } });
    const sse = await stream({ headers: { ...guest.headers } });
    const other = await socket({ query: "?topics=streams", headers: { ...ada.headers } });
    for (const client of [ws, sse, other]) await client.find(({ type }) => type === "subscribed");
    await server.feeds.recheck();
    await queries.revokeSession(platform.database.db, guest.id, guest.sessionId, "logout");
    await server.feeds.recheck();
    expect(await ws.over).toMatchObject({ code: 4401 });
    expect((await sse.over).code).toBe(0);
    for (const client of [ws, sse]) expect(client.messages.at(-1)).toMatchObject({ type: "bye", code: "auth.invalid" });
    await change(open, "open", "public", 77);
    await other.find(isUpdate(77));
  });

  test("an administrator who is one no more hears nothing of others, and goes on with the rest", async () => {
    const former = await platform.makeUser({ role: "admin" });
    const topics = `streams,channel:${secret.id},owner:${openStreamId},channel:${open.id}`;
    const client = await socket({ query: `?topics=${topics}`, headers: { ...former.headers } });
    await client.find(({ type }) => type === "subscribed");
    await platform.database.sql`update users set role = 'user' where id = ${former.id}`;
    await server.feeds.recheck();
    await client.find(({ type }) => type === "revoked");
    await change(secret, "secret", "private", 5);
    await change(open, "open", "public", 6);
    await client.find((message) => isUpdate(6)(message) && "topic" in message && message.topic === "streams");
    await client.find(
      (message) => isUpdate(6)(message) && "topic" in message && message.topic === `channel:${open.id}`,
    );
    expect(client.messages.filter(({ type }) => type === "revoked")).toEqual([
      { type: "revoked", topic: `channel:${secret.id}`, code: "channel.not-found" },
      { type: "revoked", topic: `owner:${openStreamId}`, code: "auth.forbidden" },
    ]);
    expect(updatesOf(client)).toEqual([6, 6]);
  });

  test("a channel that becomes private, or is deleted, is heard by its owner alone", async () => {
    const shy = await platform.makeChannel("shy", { owner: ada });
    const query = `?topics=channel:${shy.id}`;
    const stranger = await stream({ query });
    const owner = await socket({ query, headers: { ...ada.headers } });
    for (const client of [stranger, owner]) await client.find(({ type }) => type === "subscribed");
    await ada.request("PUT", `/api/channels/${shy.id}`, { visibility: "private" });
    // Nobody has looked yet; the event itself says that it is private.
    await change(shy, "shy", "private", 8);
    await owner.find(isUpdate(8));
    expect(await stranger.find(({ type }) => type === "revoked")).toMatchObject({ code: "channel.not-found" });
    expect(updatesOf(stranger)).toEqual([]);
    await server.feeds.recheck();
    expect((await ada.request("DELETE", `/api/channels/${shy.id}`)).status).toBe(204);
    await server.feeds.recheck();
    expect(await owner.find(({ type }) => type === "revoked")).toMatchObject({ topic: `channel:${shy.id}` });
  });

  test("what happened while a channel was private is not told later to those who may listen again", async () => {
    const moody = await platform.makeChannel("moody", { owner: ada });
    const query = `?topics=channel:${moody.id}`;
    const before = await stream({ query });
    await before.find(({ type }) => type === "subscribed");
    await change(moody, "moody", "public", 1);
    await before.find(isUpdate(1));
    await before.close();
    await change(moody, "moody", "private", 2);
    await change(moody, "moody", "public", 3);
    const headers = { "last-event-id": before.position() };
    const [after, owner] = [
      await stream({ query, headers }),
      await stream({ query, headers: { ...headers, ...ada.headers } }),
    ];
    for (const client of [after, owner]) await client.find(isUpdate(3));
    expect([updatesOf(after), updatesOf(owner)]).toEqual([[3], [2, 3]]);
  });
});

describe("pages of other sites", () => {
  const cookie = (user: TestUser) => ({
    cookie: `streamhub_access=${user.headers.authorization!.replace("Bearer ", "")}`,
  });
  const origin = (text: string) => ({ origin: text });

  test("can't open a WebSocket with our cookies, nor without", async () => {
    for (const headers of [
      { ...cookie(ada), ...origin("https://evil.example") },
      { ...cookie(ada), ...origin("null") },
      { ...cookie(ada), ...origin("") },
      cookie(ada),
      origin("https://evil.example"),
    ]) {
      await expect(openSocket(server, { headers })).rejects.toThrow("refused");
      const answer = await fetch(`http://127.0.0.1:${server.port}/api/events`, {
        headers: {
          ...headers,
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        },
      });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, "auth.csrf"]);
    }
  });

  test("pages of this site, and of those on the list, can", async () => {
    const listed = serveEvents(platform, { corsOrigins: ["https://friend.example"] });
    for (const from of [`http://127.0.0.1:${listed.port}`, "https://friend.example"]) {
      const client = await keep(
        openSocket(listed, { query: `?topics=channel:${secret.id}`, headers: { ...cookie(ada), ...origin(from) } }),
      );
      await client.find(({ type }) => type === "subscribed");
    }
    await listed.stop();
  });

  test("a token may come as a subprotocol, from any page: no browser sends it unasked", async () => {
    const token = ada.headers.authorization!.replace("Bearer ", "");
    const client = await socket({
      query: `?topics=channel:${secret.id}`,
      protocols: ["streamhub.events.v1", `bearer.${token}`],
      headers: origin("https://anywhere.example"),
    });
    expect(client.protocol).toBe("streamhub.events.v1");
    await client.find(({ type }) => type === "subscribed");
    const wrong = openSocket(server, { protocols: ["streamhub.events.v1", "bearer.nonsense"] });
    await expect(wrong).rejects.toThrow("refused");
  });
});

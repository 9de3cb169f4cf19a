/** What a client may cost: connections, messages, memory; and the end of it all. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ownerTopic, publishStreamChange, queries } from "@streamhub/db";
import { openRedisBus } from "@streamhub/db/bus/redis";
import { silentLog } from "@streamhub/db/scratch";
import { startScratchRedis } from "@streamhub/db/scratch-redis";
import fc from "fast-check";
import {
  type EventServer,
  type EventServerOptions,
  type FeedClient,
  openSocket,
  openStream,
  serveEvents,
  until,
} from "../../test/event-clients.ts";
import { startPlatform, type TestChannel, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { neighbourhood } from "./feeds.ts";
import { readMessage } from "./websocket.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
let ada: TestUser;
let channel: TestChannel;
let streamId: number;

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser({ username: "ada" });
  channel = await platform.makeChannel("here", { owner: ada });
  streamId = await channel.goLive();
});
afterAll(() => platform.close());

async function withServer(options: EventServerOptions, body: (server: EventServer) => Promise<void>): Promise<void> {
  const server = serveEvents(platform, options);
  try {
    await body(server);
    expect(server.failures).toEqual([]);
  } finally {
    await server.stop();
  }
}

const codeOf = (text: string) => /"code":"([^"]+)"/.exec(text)?.[1];
const errorsOf = (client: FeedClient): string[] =>
  client.messages.flatMap((message) => (message.type === "error" ? [message.code] : []));

async function value(server: EventServer, name: string, labels: Record<string, string>): Promise<number> {
  const metric = (await server.metrics.getMetricsAsJSON()).find((each) => each.name === name);
  const found = metric?.values.find((each) =>
    Object.entries(labels).every(([key, wanted]) => each.labels[key] === wanted),
  );
  return found?.value ?? 0;
}

describe("connections", () => {
  test("so many of one address, whichever transport; a place is free again when one goes", async () => {
    await withServer({ limits: { perAddress: 3 } }, async (server) => {
      const from = (address: string) => ({ headers: { "x-test-address": address } });
      const clients = [
        await openSocket(server, from("198.51.100.7")),
        await openStream(server, from("198.51.100.7")),
        await openSocket(server, from("198.51.100.7")),
      ];
      const refusal = await openStream(server, from("198.51.100.7")).catch((error: Error) => error.message);
      expect(refusal).toStartWith("429 ");
      expect(codeOf(String(refusal))).toBe("limit.exceeded");
      await expect(openSocket(server, from("198.51.100.7"))).rejects.toThrow("refused");
      const elsewhere = await openSocket(server, from("198.51.100.8"));
      await clients[1]!.close();
      await until(() => server.feeds.size() === 3, "the place is free");
      const next = await openStream(server, from("198.51.100.7"));
      for (const client of [...clients, elsewhere, next]) await client.close();
      await until(() => server.feeds.size() === 0, "all have gone");
      expect(await value(server, "streamhub_event_clients_refused_total", { cause: "address" })).toBe(2);
      expect(await value(server, "streamhub_event_clients", { transport: "sse" })).toBe(0);
      expect(await value(server, "streamhub_event_clients", { transport: "websocket" })).toBe(0);
    });
  });

  test("so many in all", async () => {
    await withServer({ limits: { inAll: 2 } }, async (server) => {
      const [a, b] = [await openSocket(server), await openStream(server)];
      await expect(openStream(server)).rejects.toThrow("no room");
      await a.close();
      await until(() => server.feeds.size() === 1, "one has gone");
      const c = await openStream(server);
      await Promise.all([b.close(), c.close()]);
    });
  });

  test("a request that is refused, and one for the headers alone, takes no place", async () => {
    await withServer({ limits: { perAddress: 1 } }, async (server) => {
      for (let count = 0; count < 3; count++) {
        await expect(openStream(server, { query: "?topics=channel:999999" })).rejects.toThrow("channel.not-found");
        await expect(openStream(server, { query: "?topics=nonsense" })).rejects.toThrow("request.invalid");
        const head = await fetch(`http://127.0.0.1:${server.port}/api/events`, { method: "HEAD" });
        expect(head.status).toBe(200);
        const broken = await fetch(`http://127.0.0.1:${server.port}/api/events`, {
          headers: { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" },
        });
        expect([broken.status, codeOf(await broken.text())]).toEqual([400, "request.unreadable"]);
        await until(() => server.feeds.size() === 0, "nobody is there");
      }
      await (await openStream(server)).close();
    });
  });

  test("an IPv6 subscriber is its /64", () => {
    expect(neighbourhood("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
    expect(neighbourhood("2001:db8:1:2::9")).toBe("2001:db8:1:2");
    expect(neighbourhood("2001:db8::9")).toBe("2001:db8:0:0");
    expect(neighbourhood("::1")).toBe("0:0:0:0");
    expect(neighbourhood("::ffff:192.0.2.1")).toBe("::ffff:192.0.2.1");
    expect(neighbourhood("192.0.2.1")).toBe("192.0.2.1");
    expect(neighbourhood("")).toBe("");
  });
});

describe("messages", () => {
  test("what is wrong is said, and the connection goes on", async () => {
    await withServer({ limits: { burst: 1_000 } }, async (server) => {
      const client = await openSocket(server);
      const table: [message: unknown, code: string][] = [
        ["", "request.unreadable"],
        ["{", "request.unreadable"],
        [new Uint8Array([1, 2, 3]), "request.unreadable"],
        ["x".repeat(4_097), "request.too-large"],
        ["x".repeat(16_000), "request.too-large"],
        ["null", "request.invalid"],
        ["[]", "request.invalid"],
        ["7", "request.invalid"],
        [{}, "request.invalid"],
        [{ type: "constructor" }, "request.invalid"],
        [{ type: "publish", topic: "streams" }, "request.invalid"],
        [{ type: "subscribe" }, "request.invalid"],
        [{ type: "subscribe", topics: [] }, "request.invalid"],
        [{ type: "subscribe", topics: "streams" }, "request.invalid"],
        [{ type: "subscribe", topics: [1] }, "request.invalid"],
        [{ type: "subscribe", topics: ["ingest"] }, "request.invalid"],
        [{ type: "subscribe", topics: ["x".repeat(41)] }, "request.invalid"],
        [{ type: "subscribe", topics: ["streams"], after: { streams: "yesterday" } }, "request.invalid"],
        [{ type: "subscribe", topics: ["streams"], after: { streams: "1-0,viewers=1-0" } }, "request.invalid"],
        [{ type: "subscribe", topics: ["streams"], after: 7 }, "request.invalid"],
        [{ type: "subscribe", topics: ["channel:999999"] }, "channel.not-found"],
        [
          { type: "subscribe", topics: Array.from({ length: 51 }, (_, index) => `channel:${index + 1}`) },
          "request.invalid",
        ],
      ];
      for (const [message] of table) client.say(message);
      client.say({ type: "ping" });
      await client.find(({ type }) => type === "pong");
      expect(errorsOf(client)).toEqual(table.map(([, code]) => code));
      for (const message of client.messages)
        if (message.type === "error") expect(message.detail).toMatch(/^.{10,200}\.$/);
      await client.close();
    });
  });

  test("anything at all is read or refused", () => {
    const type = fc.constantFrom("subscribe", "unsubscribe", "ping", "toString");
    const shaped = fc.record({ type, topics: fc.anything(), after: fc.anything() }, { requiredKeys: ["type"] });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          shaped.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const read = readMessage(text);
          if ("code" in read) expect(read.code).toMatch(/^request\.(unreadable|invalid|too-large)$/);
          else expect(["subscribe", "unsubscribe", "ping"]).toContain(read.message.type);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("a huge message closes the socket with 1009", async () => {
    await withServer({}, async (server) => {
      const client = await openSocket(server);
      client.say("x".repeat(20_000));
      expect((await client.over).code).toBe(1009);
      await until(() => server.feeds.size() === 0, "it has gone");
    });
  });

  test("fifty topics and no more", async () => {
    await withServer({}, async (server) => {
      const client = await openSocket(server, { query: `?topics=streams,viewers,channel:${channel.id}` });
      await client.find(({ type }) => type === "subscribed");
      client.say({ type: "subscribe", topics: Array.from({ length: 48 }, (_, index) => `owner:${index + 1}`) });
      await client.find(({ type }) => type === "error");
      expect(errorsOf(client)).toEqual(["limit.exceeded"]);
      const many = Array.from({ length: 51 }, (_, index) => `channel:${index + 1}`).join(",");
      await expect(openStream(server, { query: `?topics=${many}` })).rejects.toThrow("request.invalid");
      await client.close();
    });
  });

  test("who talks too much is put out, others go on", async () => {
    await withServer({ limits: { burst: 5, perSecond: 1 } }, async (server) => {
      const [loud, calm] = [await openSocket(server), await openSocket(server)];
      for (let count = 0; count < 50; count++) loud.say({ type: "ping" });
      expect((await loud.over).code).toBe(1008);
      expect(loud.messages.at(-1)).toMatchObject({ type: "bye", code: "limit.exceeded" });
      calm.say({ type: "ping" });
      await calm.find(({ type }) => type === "pong");
      await calm.close();
      expect(await value(server, "streamhub_event_clients_ended_total", { cause: "flood" })).toBe(1);
    });
  });
});

/** A client on a bare connection, that stops reading once it listens. */
async function openDeaf({ port }: EventServer, request: string, listening: string, then: string | Uint8Array = "") {
  let text = "";
  let isOver = false;
  const begun = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (made) => void made.write(request),
      data(made, bytes) {
        text += new TextDecoder("latin1").decode(bytes);
        if (text.includes("\r\n\r\n") && then !== "") {
          made.write(then);
          then = "";
        }
        if (!text.includes(listening)) return;
        made.pause();
        begun.resolve();
      },
      close: () => {
        isOver = true;
      },
    },
  });
  await begun.promise;
  return { socket, isOver: () => isOver };
}

describe("clients that do not read", () => {
  const sample = (at: number) =>
    JSON.stringify({
      type: "stream.sample",
      streamId,
      at: String(at),
      bitrateKbps: 1,
      fps: 1,
      width: 1,
      height: 1,
      videoCodec: null,
      audioCodec: null,
      keyframeIntervalSeconds: 1,
      missingFrames: 0,
      skewMs: null,
      problems: [{ code: "big", severity: "info", values: {}, detail: "x".repeat(60_000), fix: null }],
      packaging: null,
    });

  test("are cut off, while others hear all", async () => {
    await withServer({}, async (server) => {
      const path = `/api/events?topics=owner:${streamId}`;
      const common = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${ada.headers.authorization}\r\n`;
      const deafStream = await openDeaf(server, `${common}\r\n`, "subscribed");
      const handshake =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
      const deafSocket = await openDeaf(server, `${common}${handshake}\r\n`, "subscribed");
      const query = `?topics=owner:${streamId}`;
      const readers = [
        await openSocket(server, { query, headers: { ...ada.headers } }),
        await openStream(server, { query, headers: { ...ada.headers } }),
      ];
      for (const reader of readers) await reader.find(({ type }) => type === "subscribed");
      expect(server.feeds.size()).toBe(4);
      let said = 0;
      // The operating system takes some megabytes before it says no.
      while (server.feeds.size() > 2 && said < 1_000) {
        const at = ++said;
        await platform.bus.events.notify(ownerTopic(streamId), sample(at));
        for (const reader of readers)
          await reader.find((message) => message.type === "stream.sample" && message.data.at === String(at), at - 1);
      }
      expect(server.feeds.size()).toBe(2);
      expect(await value(server, "streamhub_event_clients_ended_total", { cause: "slow", transport: "sse" })).toBe(1);
      expect(
        await value(server, "streamhub_event_clients_ended_total", { cause: "slow", transport: "websocket" }),
      ).toBe(1);
      for (const deaf of [deafStream, deafSocket]) {
        deaf.socket.resume();
        deaf.socket.end();
      }
      for (const reader of readers) {
        expect(reader.messages.length).toBe(said + 1);
        await reader.close();
      }
    });
  });
});

test("a quiet stream shows signs of life", async () => {
  await withServer({ limits: { heartbeat: 20 } }, async (server) => {
    const client = await openStream(server);
    await until(() => client.comments.length >= 2, "two heartbeats");
    await client.close();
  });
});

test("rights are looked at again by themselves", async () => {
  await withServer({ limits: { recheck: 20 } }, async (server) => {
    const guest = await platform.makeUser();
    const client = await openStream(server, { headers: { ...guest.headers } });
    await client.find(({ type }) => type === "subscribed");
    await queries.revokeSessions(platform.database.db, guest.id, "logout");
    await client.find(({ type }) => type === "bye");
    await client.over;
  });
});

test("after an outage of the bus clients read anew, and hear what comes", async () => {
  const redis = await startScratchRedis();
  const bus = await openRedisBus({ url: redis.url, log: silentLog });
  await withServer({ bus }, async (server) => {
    const query = `?topics=streams,viewers,channel:${channel.id}`;
    const clients = [await openSocket(server, { query }), await openStream(server, { query })];
    for (const client of clients) await client.find(({ type }) => type === "subscribed");
    await redis.kill();
    await until(() => !bus.state().up, "Redis is away");
    await redis.start();
    for (const client of clients) {
      await client.find((message) => message.type === "reset" && message.topic === "streams");
      await client.find((message) => message.type === "reset" && message.topic === `channel:${channel.id}`);
    }
    await until(async () => {
      await publishStreamChange(bus, "stream.updated", {
        streamId,
        channelId: channel.id,
        slug: "here",
        visibility: "public",
      });
      return clients.every((client) => client.messages.some(({ type }) => type === "stream.updated"));
    }, "both hear again");
    for (const client of clients) {
      expect(client.messages.filter(({ type }) => type === "reset").length).toBe(2);
      await client.close();
    }
  });
  await bus.close();
  await redis.close();
});

describe("the end", () => {
  test("an orderly stop says goodbye, ends all and refuses new ones", async () => {
    const server = serveEvents(platform, {});
    const clients = [await openSocket(server, { query: "?topics=streams" }), await openStream(server)];
    for (const client of clients) await client.find(({ type }) => type === "subscribed");
    await publishStreamChange(platform.bus, "stream.updated", {
      streamId,
      channelId: channel.id,
      slug: "here",
      visibility: "public",
    });
    await server.feeds.stop();
    expect(await clients[0]!.over).toMatchObject({ code: 1001 });
    expect(await clients[1]!.over).toMatchObject({ code: 0 });
    for (const client of clients)
      expect(client.messages.map(({ type }) => type)).toEqual(["subscribed", "stream.updated", "bye"]);
    expect(server.feeds.size()).toBe(0);
    await expect(openStream(server)).rejects.toThrow("server.unavailable");
    await expect(openSocket(server)).rejects.toThrow("refused");
    await server.stop();
  });

  test("a client that goes leaves nothing behind", async () => {
    await withServer({}, async (server) => {
      for (let round = 0; round < 3; round++) {
        const query = `?topics=streams,viewers,channel:${channel.id},owner:${streamId}`;
        const clients = await Promise.all([
          openSocket(server, { query, headers: { ...ada.headers } }),
          openStream(server, { query, headers: { ...ada.headers } }),
        ]);
        for (const client of clients) await client.find(({ type }) => type === "subscribed");
        expect(server.feeds.topics()).toBe(4);
        await Promise.all(clients.map((client) => client.close()));
        await until(() => server.feeds.size() === 0 && server.feeds.topics() === 0, "all is left");
      }
    });
  });
});

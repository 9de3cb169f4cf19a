/** Clients that come back: nothing is lost, nothing comes twice, and who was away for too long is told so. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Bus, publishStreamChange } from "@streamhub/db";
import { openRedisBus } from "@streamhub/db/bus/redis";
import { silentLog } from "@streamhub/db/scratch";
import { startScratchRedis } from "@streamhub/db/scratch-redis";
import fc from "fast-check";
import {
  type EventServer,
  type FeedClient,
  openSocket,
  openStream,
  type Received,
  serveEvents,
} from "../../test/event-clients.ts";
import { startPlatform, type TestChannel, type TestPlatform } from "../../test/platform.ts";
import type { StreamEvent } from "./model.ts";
import { formatPositions, parsePositions } from "./positions.ts";

setDefaultTimeout(120_000);

let platform: TestPlatform;
let channel: TestChannel;
let other: TestChannel;
beforeAll(async () => {
  platform = await startPlatform();
  channel = await platform.makeChannel("here");
  other = await platform.makeChannel("hidden", { visibility: "unlisted" });
});
afterAll(() => platform.close());

/** The server's bus, and one that publishes: on Redis that of another process. */
interface Buses {
  readonly own: Bus;
  readonly publisher: Bus;
  close(): Promise<void>;
}

const ADAPTERS: Readonly<Record<Bus["kind"], () => Promise<Buses>>> = {
  "in-process": async () => ({ own: platform.bus, publisher: platform.bus, close: async () => {} }),
  async redis() {
    const redis = await startScratchRedis();
    const open = () => openRedisBus({ url: redis.url, log: silentLog });
    const [own, publisher] = [await open(), await open()];
    return {
      own,
      publisher,
      async close() {
        await Promise.all([own.close(), publisher.close()]);
        await redis.close();
      },
    };
  },
};

let buses: Buses;
let server: EventServer;
/** Answers about the past come when these are done, so that much happens in between. */
let held: Promise<void> = Promise.resolve();

async function begin(kind: Bus["kind"]): Promise<void> {
  buses = await ADAPTERS[kind]();
  const { events } = buses.own;
  const bus: Bus = {
    ...buses.own,
    events: {
      ...events,
      async since(topic, after) {
        const past = await events.since(topic, after);
        await held;
        return past;
      },
    },
  };
  server = serveEvents(platform, { bus, limits: { perAddress: 1_000, perSecond: 1_000, burst: 1_000 } });
}

async function finish(): Promise<void> {
  expect(server.failures).toEqual([]);
  await server.stop();
  await buses.close();
}

let number = 0;
/** Returns the number that names it. */
async function publish(of: TestChannel, visibility: "public" | "unlisted"): Promise<number> {
  const streamId = ++number;
  await publishStreamChange(buses.publisher, "stream.updated", { streamId, channelId: of.id, slug: "s", visibility });
  return streamId;
}

const topics = () => `streams,channel:${channel.id},channel:${other.id}`;
const isOf = (message: Received, topic: string): message is StreamEvent & Received =>
  message.type === "stream.updated" && message.topic === topic;
const seenOn = (messages: readonly Received[], topic: string) =>
  messages.flatMap((message) => (isOf(message, topic) ? [message.data.streamId] : []));
const has = (topic: string, streamId: number) => (message: Received) =>
  isOf(message, topic) && message.data.streamId === streamId;

const connect = (transport: "ws" | "sse", lastEventId: string, inHeader: boolean): Promise<FeedClient> => {
  const query = `?topics=${topics()}`;
  if (transport === "sse" && inHeader) return openStream(server, { query, headers: { "last-event-id": lastEventId } });
  const whole = `${query}&lastEventId=${encodeURIComponent(lastEventId)}`;
  return transport === "sse" ? openStream(server, { query: whole }) : openSocket(server, { query: whole });
};

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("publish" as const), hidden: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reconnect" as const),
      /** What happens while it is away, and while its past is being read. */
      away: fc.integer({ min: 0, max: 5 }),
      meanwhile: fc.integer({ min: 0, max: 5 }),
      inHeader: fc.boolean(),
      /** Events that it still waits for before it goes; it may go in the middle of many. */
      patience: fc.integer({ min: 0, max: 3 }),
    }),
  },
);

const isSeen = (message: Received, position: string) =>
  !("id" in message) || compare(message.id, parsePositions(position)?.get(message.topic) ?? "0-0") <= 0;
function compare(a: string, b: string): number {
  const [x, y] = [a.split("-").map(Number), b.split("-").map(Number)];
  return x[0]! - y[0]! || x[1]! - y[1]!;
}

for (const kind of ["in-process", "redis"] as const)
  describe(`on the ${kind} bus`, () => {
    beforeAll(() => begin(kind));
    afterAll(finish);
    for (const transport of ["sse", "ws"] as const) {
      test(`${transport}: however often it goes and comes back, a client hears each event of each topic once, in order`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
            const all: Received[] = [];
            const wanted = { streams: [] as number[], here: [] as number[], hidden: [] as number[] };
            const say = async (hidden: boolean) => {
              const id = await publish(hidden ? other : channel, hidden ? "unlisted" : "public");
              wanted[hidden ? "hidden" : "here"].push(id);
              if (!hidden) wanted.streams.push(id);
            };
            let position = "";
            let client = await connect(transport, position, false);
            await client.find(({ type }) => type === "subscribed");
            // The first of each topic gives the place to come back to.
            await say(true);
            await say(false);
            for (const [topic, list] of [
              ["streams", wanted.streams],
              [`channel:${channel.id}`, wanted.here],
              [`channel:${other.id}`, wanted.hidden],
            ] as const)
              await client.find(has(topic, list.at(-1)!));
            for (const each of steps) {
              if (each.kind === "publish") {
                await say(each.hidden);
                continue;
              }
              const from = client.messages.length;
              for (let count = 0; count < each.patience && each.away > 0; count++) {
                await say(count % 2 === 0);
                await client.find((message) => "id" in message, from + count);
              }
              // One that went before it was told anything has the place that it came with.
              position = client.position() || position;
              // What arrives after its position was read was not seen by anyone.
              const seen = [...client.messages];
              void client.close();
              all.push(...seen.filter((message) => isSeen(message, position)));
              for (let count = 0; count < each.away; count++) await say(count % 2 === 1);
              const release = Promise.withResolvers<void>();
              held = release.promise;
              client = await connect(transport, position, each.inHeader);
              for (let count = 0; count < each.meanwhile; count++) await say(count % 3 === 0);
              release.resolve();
              held = Promise.resolve();
            }
            await say(true);
            await say(false);
            await client.find(has("streams", wanted.streams.at(-1)!));
            await client.find(has(`channel:${channel.id}`, wanted.here.at(-1)!));
            await client.find(has(`channel:${other.id}`, wanted.hidden.at(-1)!));
            all.push(...client.messages);
            await client.close();
            expect(all.filter(({ type }) => type === "reset")).toEqual([]);
            expect(seenOn(all, "streams")).toEqual(wanted.streams);
            expect(seenOn(all, `channel:${channel.id}`)).toEqual(wanted.here);
            expect(seenOn(all, `channel:${other.id}`)).toEqual(wanted.hidden);
          }),
          { numRuns: 25 },
        );
      });
    }

    describe("what can't be made good", () => {
      test("an id that nobody knows any more: the client is told to read anew, and hears what comes", async () => {
        for (const position of ["streams=1-0", "streams=9999999999999-0", "streams=0-0"])
          for (const transport of ["ws", "sse"] as const) {
            const client = await connect(transport, position, true);
            expect(await client.find(({ type }) => type === "reset")).toMatchObject({
              type: "reset",
              topic: "streams",
            });
            const id = await publish(channel, "public");
            await client.find(has("streams", id));
            expect(client.messages.filter(({ type }) => type === "reset").length).toBe(1);
            expect(seenOn(client.messages, "streams")).toEqual([id]);
            await client.close();
          }
      });

      test("more than is kept: a reset, and not a part of it", async () => {
        const client = await connect("sse", "", false);
        await client.find(({ type }) => type === "subscribed");
        const first = await publish(channel, "public");
        await client.find(has("streams", first));
        await client.close();
        for (let count = 0; count < 1_200; count++) await publish(channel, "public");
        const back = await connect("sse", client.position(), true);
        await back.find((message) => message.type === "reset" && message.topic === "streams");
        const last = await publish(channel, "public");
        await back.find(has("streams", last));
        expect(seenOn(back.messages, "streams")).toEqual([last]);
        await back.close();
      });

      test("all that is kept comes at once, to a client that reads", async () => {
        for (const transport of ["ws", "sse"] as const) {
          const client = await connect(transport, "", false);
          await client.find(({ type }) => type === "subscribed");
          await publish(channel, "public");
          const mark = await publish(channel, "public");
          await client.find(has("streams", mark));
          await client.find(has(`channel:${channel.id}`, mark));
          await client.close();
          for (let count = 0; count < 900; count++) await publish(channel, "public");
          const back = await connect(transport, client.position(), true);
          await back.find(has("streams", mark + 900));
          await back.find(has(`channel:${channel.id}`, mark + 900));
          for (const topic of ["streams", `channel:${channel.id}`])
            expect(seenOn(back.messages, topic)).toEqual(Array.from({ length: 900 }, (_, index) => mark + 1 + index));
          await back.close();
        }
      });

      test("a place that this feed never gave is refused", async () => {
        for (const wrong of [
          "x",
          "streams",
          "streams=",
          "streams=1",
          "=1-0",
          "streams=1-0=2",
          "streams=1-0,,",
          "streams=1-0 ",
        ])
          await expect(openStream(server, { query: `?lastEventId=${encodeURIComponent(wrong)}` })).rejects.toThrow(
            "lastEventId",
          );
        await expect(openStream(server, { headers: { "last-event-id": "nonsense" } })).rejects.toThrow(
          "request.invalid",
        );
      });
    });

    test("over a WebSocket topics come and go, each from its own place", async () => {
      const client = await openSocket(server);
      client.say({ type: "subscribe", topics: ["streams"] });
      await client.find(({ type }) => type === "subscribed");
      const first = await publish(channel, "public");
      const seen = await client.find(has("streams", first));
      client.say({ type: "unsubscribe", topics: ["streams", "never:heard"] });
      await client.find(({ type }) => type === "unsubscribed");
      const missed = await publish(channel, "public");
      client.say({ type: "subscribe", topics: ["streams"], after: { streams: "id" in seen ? seen.id : "" } });
      await client.find(has("streams", missed));
      // Again, while it listens: nothing comes twice.
      client.say({
        type: "subscribe",
        topics: ["streams", "streams"],
        after: { streams: "id" in seen ? seen.id : "" },
      });
      const last = await publish(channel, "public");
      client.say({ type: "ping" });
      await client.find(({ type }) => type === "pong");
      await client.find(has("streams", last));
      expect(seenOn(client.messages, "streams")).toEqual([first, missed, last]);
      await client.close();
    });
  });

test("a position in text is the same position", () => {
  const id = fc.tuple(fc.nat(), fc.nat()).map(([time, count]) => `${time}-${count}`);
  const topic = fc.oneof(
    fc.constant("streams"),
    fc.integer({ min: 1 }).map((of) => `channel:${of}`),
  );
  fc.assert(
    fc.property(fc.dictionary(topic, id), (positions) => {
      expect(Object.fromEntries(parsePositions(formatPositions(Object.entries(positions))) ?? [])).toEqual(positions);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parsePositions(text)));
});

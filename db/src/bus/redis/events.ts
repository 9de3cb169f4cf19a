/**
 * Events on Redis: a stream per topic keeps the last ones, pub/sub brings them to every process at once. One script does both, so that both have
 * the same order. After an outage the streams tell what the subscription has missed.
 */
import type { Redis } from "ioredis";
import type { Log } from "../../log.ts";
import type { BusEvent, BusEvents } from "../bus.ts";
import { isEventId, isLater, KEPT_EVENTS, KEPT_FOR } from "../event-id.ts";
import { type Connection, script } from "./connection.ts";

const PUBLISH = script(`local id = redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[1], "*", "d", ARGV[3])
redis.call("PEXPIRE", KEYS[1], ARGV[2])
redis.call("PUBLISH", ARGV[4], id .. " " .. ARGV[3])`);

/** All after an id, or false when that one is not kept, or for too long. */
const SINCE = script(`local t = redis.call("TIME")
if t[1] * 1000 - tonumber(ARGV[2]) > tonumber(string.match(ARGV[1], "^%d+")) then return false end
local found = redis.call("XRANGE", KEYS[1], ARGV[1], "+")
if #found == 0 or found[1][1] ~= ARGV[1] then return false end
table.remove(found, 1)
return found`);

type StreamEntry = [id: string, fields: string[]];

interface Topic {
  readonly handlers: Set<(event: BusEvent) => void>;
  /** The id of the last event that was handed out, or that was there before the first subscriber; null when that could not be asked. */
  last: string | null;
  /** What pub/sub brings while the past is being read. */
  waiting: BusEvent[] | null;
  /** Resolves when the first subscription is made, or Redis is away. */
  begun: Promise<void>;
}

/** Before all others: where a topic without events begins. */
const BEGINNING = "0-0";
const PING_EVERY = 10_000;

export interface RedisEvents extends BusEvents {
  close(): void;
}

/** `subscriber` is a connection of its own: one that is subscribed does nothing else. */
export function makeEvents(main: Connection, subscriber: Connection, prefix: string, log: Log): RedisEvents {
  const topics = new Map<string, Topic>();
  const streamKey = (topic: string) => `${prefix}events:${topic}`;
  const channelOf = (topic: string) => `${prefix}topic:${topic}`;

  function hand(topic: Topic, event: BusEvent): void {
    if (event.id !== "") {
      if (topic.last !== null && !isLater(event.id, topic.last)) return;
      topic.last = event.id;
    }
    for (const handler of [...topic.handlers]) {
      if (!topic.handlers.has(handler)) continue;
      try {
        handler(event);
      } catch (error) {
        log.error({ code: "bus.handler", error: String(error) }, "A subscriber of the bus threw");
      }
    }
  }

  subscriber.client.on("message", (channel: string, text: string) => {
    const name = channel.slice(channelOf("").length);
    const topic = topics.get(name);
    const space = text.indexOf(" ");
    if (topic === undefined || space < 0) return;
    const event: BusEvent = { id: text.slice(0, space), topic: name, data: text.slice(space + 1) };
    if (topic.waiting === null) hand(topic, event);
    else topic.waiting.push(event);
  });

  async function since(name: string, after: string): Promise<BusEvent[] | null> {
    if (!isEventId(after)) return null;
    return main.read<BusEvent[] | null>(null, async () => {
      const found = (await main.run(SINCE, [streamKey(name)], [after, KEPT_FOR])) as StreamEntry[] | null;
      return found?.map(([id, fields]) => ({ id, topic: name, data: fields[1] ?? "" })) ?? null;
    });
  }

  const entries = async (name: string, key: string): Promise<BusEvent[]> =>
    (await main.client.xrange(key, "-", "+")).map(([id, fields]) => ({ id, topic: name, data: fields[1] ?? "" }));

  const newest = (name: string) =>
    main.read<string | null>(null, async (client: Redis) => {
      const [entry] = await client.xrevrange(streamKey(name), "+", "-", "COUNT", 1);
      return entry?.[0] ?? BEGINNING;
    });

  /** What a topic's subscribers have missed. */
  async function missed(name: string, topic: Topic): Promise<readonly BusEvent[]> {
    if (topic.last === null) return [];
    const { last } = topic;
    const known = last === BEGINNING ? null : await since(name, last);
    if (known !== null) return known;
    // The last one is no longer kept: what is there and later is all that can be had.
    const kept = await main.read<BusEvent[]>([], () => entries(name, streamKey(name)));
    const later = kept.filter(({ id }) => isLater(id, last));
    // A Redis that lost its data may count from an earlier time: nothing new must be taken for old.
    if (later.length === 0) topic.last = null;
    return later;
  }

  function release(topic: Topic): void {
    const waiting = topic.waiting ?? [];
    topic.waiting = null;
    for (const event of waiting) hand(topic, event);
  }

  /** Both connections must be there; each one's return begins it. */
  async function resubscribe(): Promise<void> {
    if (topics.size === 0 || !main.isUp() || !subscriber.isUp()) return;
    const all = [...topics];
    for (const [name, topic] of all) {
      topic.waiting ??= [];
      topic.last ??= await newest(name);
    }
    await subscriber.read<unknown>(undefined, (client) => client.subscribe(...all.map(([name]) => channelOf(name))));
    for (const [name, topic] of all) {
      for (const event of await missed(name, topic)) hand(topic, event);
      release(topic);
    }
  }

  let resubscribing: Promise<void> = Promise.resolve();
  const again = () => {
    resubscribing = resubscribing.then(resubscribe, resubscribe);
  };
  main.client.on("ready", again);
  subscriber.client.on("ready", again);
  // A connection that only listens does not notice that the other side is gone.
  const pings = setInterval(() => void subscriber.read<unknown>(undefined, (client) => client.ping()), PING_EVERY);
  pings.unref();

  async function begin(name: string, topic: Topic): Promise<void> {
    topic.last = await newest(name);
    // While Redis is away the wish is kept: "ready" makes it true.
    await subscriber.read<unknown>(undefined, (client) => client.subscribe(channelOf(name)));
    release(topic);
  }

  async function add(name: string, handler: (event: BusEvent) => void): Promise<void> {
    const known = topics.get(name);
    if (known !== undefined) {
      known.handlers.add(handler);
      return known.begun;
    }
    const topic: Topic = { handlers: new Set([handler]), last: null, waiting: [], begun: Promise.resolve() };
    topics.set(name, topic);
    topic.begun = begin(name, topic);
    return topic.begun;
  }

  return {
    since,
    publish: (topic, data) =>
      main.write(() => main.run(PUBLISH, [streamKey(topic)], [KEPT_EVENTS, KEPT_FOR, data, channelOf(topic)])),
    notify: (topic, data) => main.write((client) => client.publish(channelOf(topic), ` ${data}`)),
    async subscribe(names, handler) {
      const own = (event: BusEvent) => handler(event);
      const wanted = [...new Set(names)];
      await Promise.all(wanted.map((name) => add(name, own)));
      return async () => {
        const unused = wanted.filter((name) => {
          const topic = topics.get(name);
          topic?.handlers.delete(own);
          return topic?.handlers.size === 0 && topics.delete(name);
        });
        if (unused.length > 0)
          await subscriber.read<unknown>(undefined, (client) => client.unsubscribe(...unused.map(channelOf)));
      };
    },
    close: () => {
      clearInterval(pings);
      main.client.off("ready", again);
      subscriber.client.off("ready", again);
      topics.clear();
    },
  };
}

/**
 * All clients of live events in this process, whichever way they came: how many there may be, whether each may still listen, and their end. One value
 * per process, made by `openEvents`; the routes and the front door share it.
 */
import { type Bus, type Database, queries } from "@streamhub/db";
import type { Registry as PromRegistry } from "prom-client";
import type { Actor } from "../auth/guard.ts";
import { AppError } from "../error.ts";
import { type Client, makeClient, type Pipe } from "./client.ts";
import { makeHub } from "./hub.ts";
import { makeEventMetrics, type Transport } from "./metrics.ts";
import { type Decision, decide, readActors, readRights } from "./rights.ts";
import type { Topic } from "./topics.ts";

export interface FeedLimits {
  /** Connections of one address, and in all. */
  readonly perAddress: number;
  readonly inAll: number;
  /** Bytes on their way to one client: one who does not read so much is cut off. */
  readonly buffered: number;
  /** Messages of one client: at once, and per second. */
  readonly burst: number;
  readonly perSecond: number;
  /** Between two looks at who may still listen. Milliseconds. */
  readonly recheck: number;
  /** Between two signs of life of an SSE connection. Milliseconds. */
  readonly heartbeat: number;
}

export const FEED_LIMITS: FeedLimits = {
  // A school or a mobile network may stand behind one address; a connection costs some kilobytes.
  perAddress: 100,
  inAll: 10_000,
  buffered: 256 * 1_024,
  burst: 20,
  perSecond: 10,
  recheck: 30_000,
  heartbeat: 15_000,
};

/** Between two looks at whether the bus was away. Milliseconds. */
const OUTAGE_EVERY = 1_000;
/** For so long rights that can't be looked up go on. Milliseconds. */
const UNCHECKED = 300_000;

export interface FeedOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly metrics: PromRegistry;
  readonly limits?: Partial<FeedLimits>;
}

/** A place among the connections. */
export interface Seat {
  leave(): void;
}

export interface Feeds {
  readonly limits: FeedLimits;
  /** Throws AppError `limit.exceeded`, `server.unavailable`. `address`: empty when nobody knows it. */
  takeSeat(address: string): Seat;
  connect(transport: Transport, actor: Actor | null, seat: Seat, pipe: Pipe): Client;
  decide(actor: Actor | null, topics: readonly Topic[]): Promise<readonly Decision[]>;
  /** Called once in a while until the client is gone. */
  beat(tick: () => void): () => void;
  /** Looks at once who may still listen. */
  recheck(): Promise<void>;
  /** Connections. */
  size(): number;
  /** Topics of the bus that somebody listens to. */
  topics(): number;
  /** Ends all connections in order; new ones are refused from now on. */
  stop(): Promise<void>;
}

/** IPv6: a subscriber has a whole /64. */
export function neighbourhood(address: string): string {
  if (!address.includes(":") || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const rest = tail === "" ? [] : tail.split(":");
    while (groups.length + rest.length < 8) groups.push("0");
  }
  return groups.slice(0, 4).join(":");
}

export function makeFeeds({ db, bus, metrics: registry, limits: given }: FeedOptions): Feeds {
  const limits = { ...FEED_LIMITS, ...given };
  const metrics = makeEventMetrics(registry);
  const hub = makeHub(bus.events, async (ids) => {
    const held = await queries.channelsHeld(db, ids);
    return new Set(ids.filter((id) => held.get(id)?.visibility === "public"));
  });
  const clients = new Set<Client>();
  const byAddress = new Map<string, number>();
  const beats = new Set<() => void>();
  let seats = 0;
  let stopping = false;
  let checkedAt = performance.now();
  let outages = bus.state().outages;
  let timers: readonly Timer[] = [];

  function startTimers(): void {
    if (timers.length > 0) return;
    checkedAt = performance.now();
    outages = bus.state().outages;
    timers = [
      setInterval(() => void recheck(), limits.recheck),
      setInterval(lookAtBus, OUTAGE_EVERY),
      setInterval(() => {
        for (const tick of [...beats]) tick();
      }, limits.heartbeat),
    ];
    for (const timer of timers) timer.unref();
  }

  function stopTimers(): void {
    for (const timer of timers) clearInterval(timer);
    timers = [];
  }

  /** What was to be told while the bus was away was told to nobody. */
  function lookAtBus(): void {
    const state = bus.state();
    if (!state.up || state.outages === outages) return;
    outages = state.outages;
    for (const client of [...clients]) client.reset();
  }

  let checking: Promise<void> | null = null;
  function recheck(): Promise<void> {
    checking ??= look().finally(() => {
      checking = null;
    });
    return checking;
  }

  async function look(): Promise<void> {
    const present = [...clients];
    const topics = new Map(present.flatMap((client) => client.topics().map((topic) => [topic.name, topic])));
    try {
      const [actors, rights] = await Promise.all([readActors(db, present), readRights(db, [...topics.values()])]);
      checkedAt = performance.now();
      const asked = new Set(topics.keys());
      for (const client of present) client.recheck(actors, rights, asked);
    } catch {
      // Events of private channels say so themselves; what is left is a session that may be over.
      if (performance.now() - checkedAt < UNCHECKED) return;
      for (const client of present) if (client.actor !== null) client.end("unchecked");
    }
  }

  return {
    limits,
    takeSeat(address) {
      if (stopping) {
        metrics.refused("stopping");
        throw new AppError("server.unavailable", "The server stops; connect again.");
      }
      if (seats >= limits.inAll) {
        metrics.refused("full");
        throw new AppError("limit.exceeded", "There is no room for more listeners now.", undefined, 10);
      }
      const key = neighbourhood(address);
      const used = byAddress.get(key) ?? 0;
      if (key !== "" && used >= limits.perAddress) {
        metrics.refused("address");
        throw new AppError("limit.exceeded", `At most ${limits.perAddress} connections of one address.`, undefined, 10);
      }
      seats++;
      byAddress.set(key, used + 1);
      let taken = true;
      return {
        leave() {
          if (!taken) return;
          taken = false;
          seats--;
          const left = (byAddress.get(key) ?? 1) - 1;
          if (left > 0) byAddress.set(key, left);
          else byAddress.delete(key);
        },
      };
    },
    connect(transport, actor, seat, pipe) {
      const client = makeClient({
        hub,
        actor,
        pipe,
        onSent: () => metrics.sent(transport),
        onEnd(why) {
          clients.delete(client);
          seat.leave();
          metrics.ended(transport, why);
          if (clients.size === 0) stopTimers();
        },
      });
      clients.add(client);
      metrics.began(transport);
      startTimers();
      // Its pipe is not whole yet.
      if (stopping) queueMicrotask(() => client.end("stopping"));
      return client;
    },
    async decide(actor, topics) {
      const rights = await readRights(db, topics);
      return topics.map((topic) => decide(topic, actor, rights));
    },
    beat(tick) {
      beats.add(tick);
      return () => beats.delete(tick);
    },
    recheck,
    size: () => clients.size,
    topics: () => hub.size(),
    async stop() {
      stopping = true;
      for (const client of [...clients]) client.end("stopping");
      stopTimers();
      await hub.close();
    },
  };
}

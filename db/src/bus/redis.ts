/**
 * The bus of a platform of several processes, on Redis 6.2 or newer. Three connections (commands, subscriptions, jobs) and one or two per worker; all keys
 * begin with the prefix, so that several platforms may share a Redis.
 */
import type { Log } from "../log.ts";
import { type Bus, BusError, RETRY_DELAY } from "./bus.ts";
import { makeLimits as makeLocalLimits } from "./in-process/state.ts";
import { openConnection, reasonOf, settled } from "./redis/connection.ts";
import { makeEvents } from "./redis/events.ts";
import { makeJobs } from "./redis/jobs.ts";
import { makeCache, makeCounters, makeLimits, makeLocks, makePresence } from "./redis/state.ts";
import { parseRedisUrl } from "./redis/url.ts";
import { within } from "./within.ts";

export interface RedisBusOptions {
  readonly url: string;
  readonly log: Log;
  readonly prefix?: string;
  /** How long a job waits after its first failure; tests have no second to wait. */
  readonly retryDelay?: number;
}

/** A start does not wait longer for a Redis that is away. */
const PATIENCE = 2_000;
const CLOSE_WITHIN = 4_500;
const SWEEP_EVERY = 30_000;

/** Throws BusError `bus.bad-url`; a Redis that is away is waited for, in the background. */
export async function openRedisBus(options: RedisBusOptions): Promise<Bus> {
  const { log, prefix = "streamhub:", retryDelay = RETRY_DELAY } = options;
  const { options: address, shown } = parseRedisUrl(options.url);
  let dropped = 0;
  let outages = 0;
  const onDrop = () => {
    dropped++;
  };
  const common = { address, shown, log, onDrop };
  const main = openConnection({
    ...common,
    name: "bus",
    onOutage: () => {
      outages++;
    },
  });
  const subscriber = openConnection({ ...common, name: "events", more: { autoResubscribe: false } });
  const producer = openConnection({ ...common, name: "jobs" });
  const connections = [main, subscriber, producer];
  const events = makeEvents(main, subscriber, prefix, log);
  const jobs = makeJobs({ producer, address, shown, prefix, log, firstRetry: retryDelay });
  await Promise.all(connections.map((connection) => settled(connection, PATIENCE)));

  const local = makeLocalLimits({ now: Date.now, drop: onDrop });
  const sweeper = setInterval(local.sweep, SWEEP_EVERY);
  sweeper.unref();

  let closing: Promise<unknown> | null = null;
  async function end(): Promise<void> {
    clearInterval(sweeper);
    events.close();
    await jobs.close();
    await Promise.all(connections.map((connection) => connection.close()));
  }

  return {
    kind: "redis",
    cache: makeCache(main, prefix),
    limits: makeLimits(main, prefix, local),
    presence: makePresence(main, prefix, onDrop),
    counters: makeCounters(main, prefix),
    locks: makeLocks(main, prefix),
    events,
    jobs,
    state: () => ({ up: closing === null && main.isUp(), dropped, outages }),
    async ping() {
      if (closing !== null) throw new BusError("bus.closed", "The bus is closed.");
      if (!main.isUp()) throw new BusError("bus.unavailable", `No Redis answers at ${shown}.`);
      await main.client.ping().catch((error: unknown) => {
        throw new BusError("bus.unavailable", `The Redis at ${shown} does not answer: ${reasonOf(error)}.`);
      });
    },
    close() {
      closing ??= within(CLOSE_WITHIN, end()).then((done) => {
        if (!done) for (const { client } of connections) client.disconnect();
      });
      return closing.then(() => {});
    },
  };
}

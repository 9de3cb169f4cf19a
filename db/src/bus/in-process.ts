/** The bus of a platform that is one process: plain maps, each with a bound. */
import type { Log } from "../log.ts";
import { type Bus, BusError, RETRY_DELAY } from "./bus.ts";
import { makeEvents } from "./in-process/events.ts";
import { makeJobs } from "./in-process/jobs.ts";
import { makeCache, makeCounters, makeLimits, makeLocks, makePresence } from "./in-process/state.ts";
import { within } from "./within.ts";

const SWEEP_EVERY = 30_000;
const CLOSE_WITHIN = 4_000;

export interface InProcessOptions {
  readonly log?: Log;
  /** How long a job waits after its first failure; tests have no second to wait. */
  readonly retryDelay?: number;
}

/** `now`: milliseconds, for tests. */
export function makeInProcessBus(now: () => number = Date.now, options: InProcessOptions = {}): Bus {
  let dropped = 0;
  let closed = false;
  const surroundings = {
    now,
    drop: () => {
      dropped++;
    },
  };
  const cache = makeCache(surroundings);
  const limits = makeLimits(surroundings);
  const presence = makePresence(surroundings);
  const counters = makeCounters(surroundings);
  const locks = makeLocks(surroundings);
  const events = makeEvents(surroundings, (error) =>
    options.log?.error({ code: "bus.handler", error: String(error) }, "A subscriber of the bus threw"),
  );
  const jobs = makeJobs(options.retryDelay ?? RETRY_DELAY, (job, error) =>
    options.log?.warn({ code: "bus.job-failed", job, error: String(error) }, "A job failed"),
  );
  const sweeper = setInterval(() => {
    for (const part of [cache, limits, presence, locks, events]) part.sweep();
  }, SWEEP_EVERY);
  sweeper.unref();

  return {
    kind: "in-process",
    cache,
    limits,
    presence,
    counters,
    locks,
    events: { ...events, publish: async (topic, data) => (closed ? undefined : events.publish(topic, data)) },
    jobs,
    state: () => ({ up: !closed, dropped, outages: 0 }),
    async ping() {
      if (closed) throw new BusError("bus.closed", "The bus is closed.");
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(sweeper);
      await within(CLOSE_WITHIN, jobs.close());
      for (const part of [cache, limits, presence, counters, events]) part.clear();
    },
  };
}

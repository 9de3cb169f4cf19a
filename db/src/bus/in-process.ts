/** The bus of a platform that is one process: plain maps, each with a bound. */
import type { Bus, BusEvent, LimitResult, LimitRule } from "./bus.ts";

const MAX_CACHE_ENTRIES = 50_000;
const KEPT_EVENTS = 1_000;
const KEPT_FOR = 3_600_000;

interface Kept {
  readonly event: BusEvent;
  readonly at: number;
}

interface Topic {
  next: number;
  events: Kept[];
}

/** `now`: milliseconds, for tests. */
export function makeInProcessBus(now: () => number = Date.now): Bus {
  const cache = new Map<string, { value: string; until: number }>();
  const windows = new Map<string, { hits: { at: number; cost: number }[]; until: number }>();
  const sets = new Map<string, Map<string, number>>();
  const hashes = new Map<string, Record<string, number>>();
  const locks = new Map<string, { until: number }>();
  const topics = new Map<string, Topic>();
  const subscribers = new Map<string, Set<(event: BusEvent) => void>>();
  const workers = new Map<string, (data: string) => Promise<void>>();
  const queues = new Map<string, { id: string | undefined; data: string; attempt: number }[]>();
  const busy = new Set<string>();
  const timers = new Set<Timer>();
  const epoch = now().toString(36);
  let closed = false;

  const later = (run: () => void, delay: number, repeat = false): void => {
    if (closed) return;
    const timer = repeat
      ? setInterval(run, delay)
      : setTimeout(() => {
          timers.delete(timer);
          run();
        }, delay);
    timer.unref();
    timers.add(timer);
  };

  function hit(key: string, { limit, window }: LimitRule, cost: number): LimitResult {
    const at = now();
    const entry = windows.get(key) ?? { hits: [], until: 0 };
    entry.hits = entry.hits.filter((past) => past.at > at - window);
    const used = entry.hits.reduce((sum, past) => sum + past.cost, 0);
    if (used + Math.max(cost, 1) > limit) {
      const retryAfter = Math.max(1, (entry.hits[0]?.at ?? at) + window - at);
      return { allowed: false, remaining: Math.max(0, limit - used), retryAfter };
    }
    if (cost > 0) entry.hits.push({ at, cost });
    entry.until = at + window;
    windows.set(key, entry);
    return { allowed: true, remaining: limit - used - cost, retryAfter: 0 };
  }

  function present(set: string): number {
    const members = sets.get(set);
    if (members === undefined) return 0;
    const at = now();
    for (const [member, until] of members) if (until <= at) members.delete(member);
    if (members.size === 0) sets.delete(set);
    return members.size;
  }

  function publish(topic: string, data: string, keep: boolean): void {
    const kept = topics.get(topic) ?? { next: 1, events: [] };
    const event: BusEvent = { id: keep ? `${epoch}-${kept.next}` : "", topic, data };
    if (keep) {
      kept.next++;
      kept.events.push({ event, at: now() });
      while (kept.events.length > KEPT_EVENTS || (kept.events[0]?.at ?? 0) < now() - KEPT_FOR) kept.events.shift();
      topics.set(topic, kept);
    }
    for (const handler of [...(subscribers.get(topic) ?? [])]) handler(event);
  }

  function run(name: string): void {
    const handler = workers.get(name);
    const job = queues.get(name)?.[0];
    if (handler === undefined || job === undefined || busy.has(name) || closed) return;
    busy.add(name);
    void handler(job.data)
      .then(
        () => true,
        () => false,
      )
      .then((done) => {
        busy.delete(name);
        queues.get(name)?.shift();
        if (!done && job.attempt < 10)
          later(() => enqueue(name, { ...job, attempt: job.attempt + 1 }), Math.min(1_000 * 2 ** job.attempt, 60_000));
        run(name);
      });
  }

  function enqueue(name: string, job: { id: string | undefined; data: string; attempt: number }): void {
    const queue = queues.get(name) ?? [];
    queues.set(name, queue);
    if (job.id !== undefined && queue.some((other, index) => other.id === job.id && !(index === 0 && busy.has(name))))
      return;
    queue.push(job);
    run(name);
  }

  later(
    () => {
      const at = now();
      for (const [key, { until }] of cache) if (until <= at) cache.delete(key);
      for (const [key, { until }] of windows) if (until <= at) windows.delete(key);
      for (const set of [...sets.keys()]) present(set);
    },
    30_000,
    true,
  );

  return {
    kind: "in-process",
    cache: {
      async get(key) {
        const entry = cache.get(key);
        return entry === undefined || entry.until <= now() ? null : entry.value;
      },
      async set(key, value, ttl) {
        cache.delete(key);
        cache.set(key, { value, until: now() + ttl });
        if (cache.size > MAX_CACHE_ENTRIES) cache.delete(cache.keys().next().value!);
      },
      async delete(key) {
        cache.delete(key);
      },
    },
    limits: {
      hit: async (key, rule, cost = 1) => hit(key, rule, cost),
      async reset(key) {
        windows.delete(key);
      },
    },
    presence: {
      async touch(entries) {
        for (const { set, member, ttl } of entries) {
          const members = sets.get(set) ?? new Map<string, number>();
          sets.set(set, members.set(member, now() + ttl));
        }
      },
      async leave(set, member) {
        sets.get(set)?.delete(member);
      },
      count: async (set) => present(set),
      countAll: async (names) => names.map(present),
    },
    counters: {
      async add(name, increments) {
        const fields = hashes.get(name) ?? {};
        for (const [field, value] of Object.entries(increments)) fields[field] = (fields[field] ?? 0) + value;
        hashes.set(name, fields);
      },
      async take(name) {
        const fields = hashes.get(name) ?? {};
        hashes.delete(name);
        return fields;
      },
    },
    locks: {
      async acquire(name, ttl) {
        if ((locks.get(name)?.until ?? 0) > now()) return null;
        const held = { until: now() + ttl };
        locks.set(name, held);
        return {
          async renew(more) {
            if (locks.get(name) !== held || held.until <= now()) return false;
            held.until = now() + more;
            return true;
          },
          async release() {
            if (locks.get(name) === held) locks.delete(name);
          },
        };
      },
    },
    events: {
      publish: async (topic, data) => publish(topic, data, true),
      notify: async (topic, data) => publish(topic, data, false),
      async subscribe(names, handler) {
        for (const name of names) subscribers.set(name, (subscribers.get(name) ?? new Set()).add(handler));
        return async () => {
          for (const name of names) subscribers.get(name)?.delete(handler);
        };
      },
      async since(topic, after) {
        const [made, number] = after.split("-");
        const kept = topics.get(topic);
        const index = Number(number);
        if (made !== epoch || !Number.isInteger(index) || kept === undefined || index >= kept.next) return null;
        const first = kept.next - kept.events.length;
        if (index < first - 1) return null;
        return kept.events.slice(index + 1 - first).map(({ event }) => event);
      },
    },
    jobs: {
      async add(name, data, { id, delay = 0 } = {}) {
        if (delay > 0) later(() => enqueue(name, { id, data, attempt: 0 }), delay);
        else enqueue(name, { id, data, attempt: 0 });
      },
      async every(name, interval) {
        later(() => enqueue(name, { id: "every", data: "", attempt: 0 }), interval, true);
      },
      async work(name, handler) {
        workers.set(name, handler);
        run(name);
      },
    },
    ping: async () => {},
    async close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      subscribers.clear();
    },
  };
}

/** The small parts of the in-process bus: cache, limits, presence, counters, locks. Each is a map with a bound and a way to forget what is over. */
import type { BusCache, BusCounters, BusLimits, BusLocks, BusPresence } from "../bus.ts";
import { hitWindow, type Slots } from "../window.ts";
import { BoundedMap } from "./bounded-map.ts";

/** What the parts need from the bus around them. */
export interface Surroundings {
  readonly now: () => number;
  /** Counts a write that found no room. */
  readonly drop: () => void;
}

const MAX_CACHE_ENTRIES = 50_000;
/** Characters of cached values in all. */
const MAX_CACHED = 64 * 1024 * 1024;
const MAX_LIMITED = 100_000;
export const MAX_MEMBERS = 200_000;
const MAX_MEMBERS_IN_ALL = 1_000_000;
const MAX_COUNTED_FIELDS = 1_000_000;

export function makeCache({ now, drop }: Surroundings): BusCache & { sweep(): void; clear(): void } {
  const entries = new Map<string, { readonly value: string; readonly until: number }>();
  let cached = 0;
  const remove = (key: string) => {
    cached -= entries.get(key)?.value.length ?? 0;
    entries.delete(key);
  };
  return {
    async get(key) {
      const entry = entries.get(key);
      return entry === undefined || entry.until <= now() ? null : entry.value;
    },
    async set(key, value, ttl) {
      remove(key);
      if (value.length > MAX_CACHED / 16) return drop();
      entries.set(key, { value, until: now() + ttl });
      cached += value.length;
      for (const oldest of entries.keys()) {
        if (entries.size <= MAX_CACHE_ENTRIES && cached <= MAX_CACHED) break;
        remove(oldest);
      }
    },
    delete: async (key) => remove(key),
    sweep() {
      const at = now();
      for (const [key, { until }] of entries) if (until <= at) remove(key);
    },
    clear() {
      entries.clear();
      cached = 0;
    },
  };
}

export function makeLimits({ now }: Surroundings): BusLimits & { sweep(): void; clear(): void } {
  const windows = new BoundedMap<string, { readonly slots: Slots; until: number }>(MAX_LIMITED);
  return {
    async hit(key, rule, cost = 1) {
      const at = now();
      const entry = windows.get(key) ?? { slots: new Map(), until: 0 };
      const result = hitWindow(entry.slots, rule, cost, at);
      // Refused hits keep a key young too: who is refused must not be forgotten first.
      entry.until = at + 2 * rule.window;
      if (entry.slots.size > 0) windows.set(key, entry);
      return result;
    },
    reset: async (key) => windows.delete(key),
    sweep: () => windows.sweep(({ until }) => until <= now()),
    clear: () => windows.clear(),
  };
}

export function makePresence({ now, drop }: Surroundings): BusPresence & { sweep(): void; clear(): void } {
  const sets = new Map<string, Map<string, number>>();
  let inAll = 0;

  function count(set: string): number {
    const members = sets.get(set);
    if (members === undefined) return 0;
    const at = now();
    for (const [member, until] of members)
      if (until <= at) {
        members.delete(member);
        inAll--;
      }
    if (members.size === 0) sets.delete(set);
    return members.size;
  }

  return {
    async touch(entries) {
      for (const { set, member, ttl } of entries) {
        const members = sets.get(set) ?? new Map<string, number>();
        if (!members.has(member)) {
          if (members.size >= MAX_MEMBERS || inAll >= MAX_MEMBERS_IN_ALL) {
            drop();
            continue;
          }
          inAll++;
        }
        sets.set(set, members.set(member, now() + ttl));
      }
    },
    async leave(set, member) {
      if (sets.get(set)?.delete(member)) inAll--;
    },
    count: async (set) => count(set),
    countAll: async (names) => names.map(count),
    sweep() {
      for (const set of [...sets.keys()]) count(set);
    },
    clear() {
      sets.clear();
      inAll = 0;
    },
  };
}

export function makeCounters({ drop }: Surroundings): BusCounters & { clear(): void } {
  const hashes = new Map<string, Map<string, number>>();
  let fieldsInAll = 0;
  return {
    async add(name, increments) {
      const fields = hashes.get(name) ?? new Map<string, number>();
      for (const [field, value] of Object.entries(increments)) {
        const known = fields.get(field);
        if (known === undefined && fieldsInAll >= MAX_COUNTED_FIELDS) {
          drop();
          continue;
        }
        if (known === undefined) fieldsInAll++;
        fields.set(field, (known ?? 0) + value);
      }
      if (fields.size > 0) hashes.set(name, fields);
    },
    async take(name) {
      const fields = hashes.get(name);
      if (fields === undefined) return {};
      hashes.delete(name);
      fieldsInAll -= fields.size;
      return Object.fromEntries(fields);
    },
    clear() {
      hashes.clear();
      fieldsInAll = 0;
    },
  };
}

/** Locks need no bound: their names come from the code, and they end by themselves. */
export function makeLocks({ now }: Surroundings): BusLocks & { sweep(): void } {
  const locks = new Map<string, { until: number }>();
  return {
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
    sweep() {
      for (const [name, { until }] of locks) if (until <= now()) locks.delete(name);
    },
  };
}

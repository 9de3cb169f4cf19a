/** The small parts of the Redis bus: cache, limits, presence, counters, locks. Time is Redis' own, so that the clocks of processes need not agree. */
import { randomBytes } from "node:crypto";
import type { BusCache, BusCounters, BusLimits, BusLocks, BusPresence, LimitResult } from "../bus.ts";
import { slotLength } from "../window.ts";
import { type Connection, script } from "./connection.ts";

export const MAX_MEMBERS = 200_000;
/** Sets or members in one call of a script, which nothing else may interrupt. */
const CHUNK = 500;

const NOW = `local t = redis.call("TIME") local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

export function makeCache({ read, write }: Connection, prefix: string): BusCache {
  const key = (name: string) => `${prefix}cache:${name}`;
  return {
    get: (name) => read(null, (client) => client.get(key(name))),
    async set(name, value, ttl) {
      if (ttl < 1) return write((client) => client.del(key(name)));
      await write((client) => client.set(key(name), value, "PX", Math.ceil(ttl)));
    },
    delete: (name) => write((client) => client.del(key(name))),
  };
}

/** The same steps as `hitWindow` in window.ts: a hash of slots. */
const HIT = script(`${NOW}
local limit, window, length, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local flat, slots, used = redis.call("HGETALL", KEYS[1]), {}, 0
for i = 1, #flat, 2 do
  local start, hits = tonumber(flat[i]), tonumber(flat[i + 1])
  if start + length + window <= now then redis.call("HDEL", KEYS[1], flat[i])
  else slots[#slots + 1] = { start, hits } used = used + hits end
end
local wanted = math.max(cost, 1)
if used + wanted > limit then
  table.sort(slots, function(a, b) return a[1] < b[1] end)
  local kept, wait = used, window + length
  for _, slot in ipairs(slots) do
    kept = kept - slot[2]
    if kept + wanted <= limit then wait = slot[1] + length + window - now break end
  end
  return { 0, math.max(0, limit - used), wait }
end
if cost > 0 then
  redis.call("HINCRBY", KEYS[1], string.format("%.0f", math.floor(now / length) * length), cost)
  redis.call("PEXPIRE", KEYS[1], window + length)
end
return { 1, limit - used - cost, 0 }`);

/** `local` counts while Redis is away: each process by itself, so that an outage is no holiday for who guesses passwords. */
export function makeLimits({ read, write, run }: Connection, prefix: string, local: BusLimits): BusLimits {
  const key = (name: string) => `${prefix}limit:${name}`;
  return {
    async hit(name, rule, cost = 1) {
      const window = Math.ceil(rule.window);
      const result = await read<LimitResult | null>(null, async () => {
        const answer = await run(HIT, [key(name)], [rule.limit, window, slotLength(window), cost]);
        const [allowed, remaining, retryAfter] = answer as [number, number, number];
        return { allowed: allowed === 1, remaining, retryAfter };
      });
      return result ?? local.hit(name, rule, cost);
    },
    async reset(name) {
      await local.reset(name);
      await write((client) => client.del(key(name)));
    },
  };
}

/** KEYS: sets; ARGV: most members, then for each set how many members, and each member with its time to live. */
const TOUCH = script(`${NOW}
local most, at, refused = tonumber(ARGV[1]), 2, 0
for _, set in ipairs(KEYS) do
  redis.call("ZREMRANGEBYSCORE", set, "-inf", now)
  local size, longest = redis.call("ZCARD", set), redis.call("PTTL", set)
  local members = tonumber(ARGV[at]) at = at + 1
  for _ = 1, members do
    local member, ttl = ARGV[at], tonumber(ARGV[at + 1]) at = at + 2
    if size < most or redis.call("ZSCORE", set, member) then
      size = size + redis.call("ZADD", set, string.format("%.0f", now + ttl), member)
      longest = math.max(longest, ttl)
    else refused = refused + 1 end
  end
  if longest > 0 then redis.call("PEXPIRE", set, longest) end
end
return refused`);

const COUNT = script(`${NOW}
local counts = {}
for i, set in ipairs(KEYS) do counts[i] = redis.call("ZCOUNT", set, "(" .. string.format("%.0f", now), "+inf") end
return counts`);

export function makePresence({ read, write, run }: Connection, prefix: string, onDrop: () => void): BusPresence {
  const key = (set: string) => `${prefix}here:${set}`;

  async function countAll(sets: readonly string[]): Promise<number[]> {
    const counts: number[] = [];
    for (let at = 0; at < sets.length; at += CHUNK) {
      const some = sets.slice(at, at + CHUNK);
      const nothing: number[] = some.map(() => 0);
      counts.push(...(await read(nothing, async () => (await run(COUNT, some.map(key), [])) as number[])));
    }
    return counts;
  }

  return {
    async touch(entries) {
      for (let at = 0; at < entries.length; at += CHUNK) {
        const bySet = new Map<string, (string | number)[]>();
        for (const { set, member, ttl } of entries.slice(at, at + CHUNK)) {
          const members = bySet.get(set) ?? [];
          bySet.set(set, members);
          members.push(member, Math.ceil(ttl));
        }
        const args = [...bySet.values()].flatMap((members) => [members.length / 2, ...members]);
        await write(async () => {
          const refused = (await run(TOUCH, [...bySet.keys()].map(key), [MAX_MEMBERS, ...args])) as number;
          for (let i = 0; i < refused; i++) onDrop();
        });
      }
    },
    leave: (set, member) => write((client) => client.zrem(key(set), member)),
    count: async (set) => (await countAll([set]))[0] ?? 0,
    countAll,
  };
}

const ADD = script(`for i = 1, #ARGV, 2 do redis.call("HINCRBYFLOAT", KEYS[1], ARGV[i], ARGV[i + 1]) end`);
const TAKE = script(`local all = redis.call("HGETALL", KEYS[1]) redis.call("DEL", KEYS[1]) return all`);

/** An answer that is lost on its way loses what it carried: counted less, never twice. */
export function makeCounters({ read, write, run }: Connection, prefix: string): BusCounters {
  const key = (name: string) => `${prefix}count:${name}`;
  return {
    async add(name, increments) {
      const args = Object.entries(increments).flat();
      for (let at = 0; at < args.length; at += CHUNK)
        await write(() => run(ADD, [key(name)], args.slice(at, at + CHUNK)));
    },
    take: (name) =>
      read<Record<string, number>>({}, async () => {
        const flat = (await run(TAKE, [key(name)], [])) as string[];
        const pairs: [string, number][] = [];
        for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i]!, Number(flat[i + 1])]);
        return Object.fromEntries(pairs);
      }),
  };
}

const RENEW = script(
  `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end return 0`,
);
const RELEASE = script(`if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0`);

export function makeLocks({ read, write, run }: Connection, prefix: string): BusLocks {
  const key = (name: string) => `${prefix}lock:${name}`;
  return {
    async acquire(name, ttl) {
      // Only its holder knows the token: nobody releases a lock that has passed on.
      const token = randomBytes(16).toString("base64url");
      const taken = await read<"OK" | null>(null, (client) => client.set(key(name), token, "PX", Math.ceil(ttl), "NX"));
      if (taken === null) return null;
      return {
        renew: (more) => read(false, async () => (await run(RENEW, [key(name)], [token, Math.ceil(more)])) === 1),
        release: () => write(() => run(RELEASE, [key(name)], [token])),
      };
    },
  };
}

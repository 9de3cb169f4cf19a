/** What every bus promises, held against both adapters. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { silentLog } from "../scratch.ts";
import { type ScratchRedis, startScratchRedis } from "../scratch-redis.ts";
import { type Bus, BusError, type BusEvent } from "./bus.ts";
import { isEventId, isLater } from "./event-id.ts";
import { makeInProcessBus } from "./in-process.ts";
import { openRedisBus } from "./redis.ts";
import { subscribeFrom } from "./resume.ts";

/** Asks until it is so, for at most ten seconds: on Redis, news takes its time. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen`);
    await Bun.sleep(5);
  }
}

interface Adapter {
  /** Another bus of the same platform: another process on Redis, the same bus in one process. */
  readonly open: () => Promise<Bus>;
  readonly start?: () => Promise<void>;
  readonly stop?: () => Promise<void>;
}

let redis: ScratchRedis;
let only: Bus | undefined;
const ADAPTERS: Record<Bus["kind"], Adapter> = {
  "in-process": {
    open: async () => (only ??= makeInProcessBus(Date.now, { retryDelay: 20 })),
  },
  redis: {
    start: async () => {
      redis = await startScratchRedis();
    },
    open: () => openRedisBus({ url: redis.url, log: silentLog, retryDelay: 20 }),
    stop: () => redis.close(),
  },
};

let names = 0;
/** A name that no other test has. */
const fresh = (word = "test") => `${word}:${++names}`;

for (const [kind, adapter] of Object.entries(ADAPTERS))
  describe(`the ${kind} bus`, () => {
    let bus: Bus;
    /** The same platform's, as another process sees it. */
    let other: Bus;
    beforeAll(async () => {
      await adapter.start?.();
      bus = await adapter.open();
      other = await adapter.open();
    });
    afterAll(async () => {
      await bus.close();
      await other.close();
      await adapter.stop?.();
    });

    test("is up and answers", async () => {
      expect(bus.kind).toBe(kind as Bus["kind"]);
      await bus.ping();
      expect(bus.state()).toEqual({ up: true, dropped: 0, outages: 0 });
    });

    describe("cache", () => {
      test("gives back what was set, to everybody, until it is deleted or over", async () => {
        const key = fresh();
        expect(await bus.cache.get(key)).toBeNull();
        await bus.cache.set(key, "ein Wert, 値, \u0000\n", 60_000);
        expect(await other.cache.get(key)).toBe("ein Wert, 値, \u0000\n");
        await other.cache.set(key, "", 60_000);
        expect(await bus.cache.get(key)).toBe("");
        await bus.cache.delete(key);
        expect(await other.cache.get(key)).toBeNull();
        await bus.cache.set(key, "short", 30);
        await until("the end of its time", async () => (await bus.cache.get(key)) === null);
      });

      test("a time to live of nothing forgets the key", async () => {
        const key = fresh();
        await bus.cache.set(key, "x", 60_000);
        await bus.cache.set(key, "y", 0);
        expect(await bus.cache.get(key)).toBeNull();
      });
    });

    describe("limits", () => {
      const minute = { limit: 3, window: 60_000 };
      test("allows so many, then says when the next one is allowed, and forgets on reset", async () => {
        const key = fresh();
        for (const remaining of [2, 1, 0])
          expect(await bus.limits.hit(key, minute)).toEqual({ allowed: true, remaining, retryAfter: 0 });
        const refused = await other.limits.hit(key, minute);
        expect(refused).toMatchObject({ allowed: false, remaining: 0 });
        expect(refused.retryAfter).toBeGreaterThan(30_000);
        expect(refused.retryAfter).toBeLessThanOrEqual(62_000);
        await bus.limits.reset(key);
        expect((await bus.limits.hit(key, minute)).allowed).toBe(true);
      });

      test("a cost of 0 asks without counting; a cost beyond the limit is never allowed", async () => {
        const key = fresh();
        for (let i = 0; i < 5; i++)
          expect(await bus.limits.hit(key, minute, 0)).toEqual({ allowed: true, remaining: 3, retryAfter: 0 });
        expect((await bus.limits.hit(key, minute, 4)).allowed).toBe(false);
        expect(await bus.limits.hit(key, minute, 3)).toMatchObject({ allowed: true, remaining: 0 });
        expect(await bus.limits.hit(key, minute, 0)).toMatchObject({ allowed: false, remaining: 0 });
      });

      test("after the time it names, the same hit is allowed", async () => {
        const key = fresh();
        const rule = { limit: 2, window: 200 };
        await bus.limits.hit(key, rule, 2);
        const { retryAfter } = await bus.limits.hit(key, rule);
        expect(retryAfter).toBeGreaterThan(0);
        await Bun.sleep(retryAfter + 2);
        expect((await bus.limits.hit(key, rule)).allowed).toBe(true);
      });

      test("200 at once: exactly as many as are allowed", async () => {
        const key = fresh();
        const rule = { limit: 50, window: 60_000 };
        const results = await Promise.all(
          Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? bus : other).limits.hit(key, rule)),
        );
        expect(results.filter(({ allowed }) => allowed).length).toBe(50);
      });

      test("any row of costs: never more than the limit, refusals cost nothing", async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 20 }), async (costs) => {
            const key = fresh("law");
            let used = 0;
            for (const cost of costs) {
              const { allowed, remaining } = await bus.limits.hit(key, { limit: 10, window: 60_000 }, cost);
              expect(allowed).toBe(used + Math.max(1, cost) <= 10);
              if (allowed) used += cost;
              expect(remaining).toBe(10 - used);
            }
          }),
          { numRuns: 30 },
        );
      });
    });

    describe("presence", () => {
      test("counts members, each once, until they leave or their time is over", async () => {
        const [a, b, nobody] = [fresh("here"), fresh("here"), fresh("here")];
        await bus.presence.touch([
          { set: a, member: "ada", ttl: 60_000 },
          { set: a, member: "bob", ttl: 60_000 },
          { set: b, member: "ada", ttl: 60_000 },
          { set: a, member: "ada", ttl: 60_000 },
          { set: b, member: "gone soon", ttl: 20 },
        ]);
        expect(await other.presence.count(a)).toBe(2);
        await until("the end of a member's time", async () => (await bus.presence.count(b)) === 1);
        expect(await bus.presence.countAll([b, nobody, a])).toEqual([1, 0, 2]);
        expect(await bus.presence.countAll([])).toEqual([]);
        await other.presence.leave(a, "ada");
        await other.presence.leave(a, "nobody");
        expect(await bus.presence.count(a)).toBe(1);
        await bus.presence.touch([]);
      });

      test("a touch prolongs, and a short one does not shorten the life of the others", async () => {
        const set = fresh("here");
        await bus.presence.touch([{ set, member: "long", ttl: 60_000 }]);
        await bus.presence.touch([{ set, member: "short", ttl: 10 }]);
        await until("the short one's end", async () => (await bus.presence.count(set)) === 1);
        await bus.presence.touch([{ set, member: "short", ttl: 60_000 }]);
        expect(await bus.presence.count(set)).toBe(2);
      });

      test("takes thousands of members at once", async () => {
        const sets = [fresh("here"), fresh("here")];
        await bus.presence.touch(
          Array.from({ length: 4_000 }, (_, i) => ({ set: sets[i % 2]!, member: `m${i >> 1}`, ttl: 60_000 })),
        );
        expect(await bus.presence.countAll(sets)).toEqual([2_000, 2_000]);
      });
    });

    describe("counters", () => {
      test("adds up, and gives each increment to exactly one taker", async () => {
        const name = fresh("sum");
        expect(await bus.counters.take(name)).toEqual({});
        await bus.counters.add(name, { views: 1, watched: 2.5 });
        await other.counters.add(name, { views: 2, __proto__x: 1, minus: -4 });
        await bus.counters.add(name, {});
        expect(await bus.counters.take(name)).toEqual({ views: 3, watched: 2.5, __proto__x: 1, minus: -4 });
        expect(await other.counters.take(name)).toEqual({});
      });

      test("adding and taking side by side loses nothing", async () => {
        const name = fresh("sum");
        let taken = 0;
        const adders = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? bus : other).counters.add(name, { n: 1 }));
        const takers = Array.from({ length: 20 }, async (_, i) => {
          const { n = 0 } = await (i % 2 === 0 ? bus : other).counters.take(name);
          taken += n;
        });
        await Promise.all([...adders, ...takers]);
        const { n: rest = 0 } = await bus.counters.take(name);
        taken += rest;
        expect(taken).toBe(300);
      });

      test("thousands of fields", async () => {
        const name = fresh("sum");
        const fields = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`field ${i}`, i]));
        await bus.counters.add(name, fields);
        expect(await bus.counters.take(name)).toEqual(fields);
      });
    });

    describe("locks", () => {
      test("one holder at a time; only the holder renews and releases", async () => {
        const name = fresh("lock");
        const held = await bus.locks.acquire(name, 60_000);
        expect(held).not.toBeNull();
        expect(await other.locks.acquire(name, 60_000)).toBeNull();
        expect(await held!.renew(60_000)).toBe(true);
        await held!.release();
        const next = await other.locks.acquire(name, 60_000);
        expect(next).not.toBeNull();
        expect(await held!.renew(60_000)).toBe(false);
        await held!.release();
        expect(await bus.locks.acquire(name, 60_000)).toBeNull();
        await next!.release();
      });

      test("ends by itself, and its former holder is told", async () => {
        const name = fresh("lock");
        const held = await bus.locks.acquire(name, 30);
        let next = null;
        await until("the end of the lock", async () => {
          next = await other.locks.acquire(name, 60_000);
          return next !== null;
        });
        expect(await held!.renew(60_000)).toBe(false);
      });

      test("100 at once: one has it", async () => {
        const name = fresh("lock");
        const got = await Promise.all(
          Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? bus : other).locks.acquire(name, 60_000)),
        );
        expect(got.filter((lock) => lock !== null).length).toBe(1);
      });
    });

    describe("events", () => {
      const collector = () => {
        const got: BusEvent[] = [];
        return { got, data: () => got.map(({ data }) => data), add: (event: BusEvent) => void got.push(event) };
      };

      test("reach every subscriber of the topic, in order, each once, until the subscription ends", async () => {
        const [topic, elsewhere] = [fresh("topic"), fresh("topic")];
        const [one, two] = [collector(), collector()];
        const endOne = await bus.events.subscribe([topic, topic], one.add);
        const endTwo = await other.events.subscribe([topic, elsewhere], two.add);
        const wanted = Array.from({ length: 200 }, (_, i) => JSON.stringify({ i, text: "слово" }));
        for (const data of wanted) await other.events.publish(topic, data);
        await bus.events.publish(elsewhere, "{}");
        await until("all events", () => one.got.length >= 200 && two.got.length >= 201);
        expect(one.data()).toEqual(wanted);
        expect(two.data()).toEqual([...wanted, "{}"]);
        for (const [at, { id, topic: named }] of one.got.entries()) {
          expect(isEventId(id) && named === topic).toBe(true);
          if (at > 0) expect(isLater(id, one.got[at - 1]!.id)).toBe(true);
        }
        await endOne();
        await endOne();
        await bus.events.publish(topic, '"after"');
        await until("the last event", () => two.got.length >= 202);
        expect(one.got.length).toBe(200);
        await endTwo();
      });

      test("the same handler twice is two subscriptions", async () => {
        const topic = fresh("topic");
        const { got, add } = collector();
        const ends = [await bus.events.subscribe([topic], add), await bus.events.subscribe([topic], add)];
        await bus.events.publish(topic, "1");
        await until("both", () => got.length === 2);
        await ends[0]!();
        await bus.events.publish(topic, "2");
        await until("the one that is left", () => got.length === 3);
        await ends[1]!();
      });

      test("a handler that throws harms nobody", async () => {
        const topic = fresh("topic");
        const { got, add } = collector();
        const ends = [
          await bus.events.subscribe([topic], () => {
            throw new Error("a mistake");
          }),
          await bus.events.subscribe([topic], add),
        ];
        await bus.events.publish(topic, "1");
        await until("the event", () => got.length === 1);
        for (const end of ends) await end();
      });

      test("subscribing and unsubscribing in every order leaves those subscribed who wish it", async () => {
        const topic = fresh("topic");
        const { got, add } = collector();
        for (let i = 0; i < 20; i++) {
          const [end, keep] = await Promise.all([
            bus.events.subscribe([topic], () => {}),
            bus.events.subscribe([topic], add),
          ]);
          const [, again] = await Promise.all([keep().then(() => end()), bus.events.subscribe([topic], add)]);
          got.length = 0;
          await other.events.publish(topic, String(i));
          await until(`event ${i}`, () => got.length === 1);
          await again();
        }
      });

      test("a notice is not kept and has no id", async () => {
        const topic = fresh("topic");
        const { got, add } = collector();
        const end = await bus.events.subscribe([topic], add);
        await bus.events.publish(topic, "1");
        await other.events.notify(topic, "sample");
        await until("both", () => got.length === 2);
        expect(got[1]).toEqual({ id: "", topic, data: "sample" });
        expect(await bus.events.since(topic, got[0]!.id)).toEqual([]);
        await end();
      });

      test("since gives what came after an id, or null when that is not known", async () => {
        const topic = fresh("topic");
        const { got, add } = collector();
        const end = await bus.events.subscribe([topic], add);
        for (let i = 0; i < 5; i++) await bus.events.publish(topic, String(i));
        await until("five", () => got.length === 5);
        expect(await other.events.since(topic, got[1]!.id)).toEqual(got.slice(2));
        expect(await bus.events.since(topic, got[4]!.id)).toEqual([]);
        for (const id of ["", "x", "0-0", "1-1", `${Date.now() + 1e6}-0`, "9".repeat(30), `${got[1]!.id} `])
          expect(await bus.events.since(topic, id)).toBeNull();
        expect(await bus.events.since(fresh("topic"), got[1]!.id)).toBeNull();
        await end();
      });

      test("about the last thousand are kept", async () => {
        const topic = fresh("topic");
        const { got, add } = collector();
        const end = await bus.events.subscribe([topic], add);
        for (let at = 0; at < 2_500; at += 100)
          await Promise.all(Array.from({ length: 100 }, (_, i) => bus.events.publish(topic, String(at + i))));
        await until("all", () => got.length === 2_500);
        expect((await bus.events.since(topic, got[1_500]!.id))?.length).toBe(999);
        expect(await bus.events.since(topic, got[0]!.id)).toBeNull();
        await end();
      });

      test("subscribeFrom joins the past with what comes: no gap, nothing twice, in order", async () => {
        const topic = fresh("topic");
        const all = collector();
        const endAll = await bus.events.subscribe([topic], all.add);
        for (let i = 0; i < 3; i++) await bus.events.publish(topic, String(i));
        await until("three", () => all.got.length === 3);
        const busy = (async () => {
          for (let i = 3; i < 200; i++) await other.events.publish(topic, String(i));
        })();
        const resumed = collector();
        const { missed, end } = await subscribeFrom(bus.events, new Map([[topic, all.got[0]!.id]]), resumed.add);
        await busy;
        await until("all", () => resumed.got.length >= 199);
        expect(missed).toEqual([]);
        expect(resumed.data()).toEqual(Array.from({ length: 199 }, (_, i) => String(i + 1)));
        await end();
        await endAll();
      });

      test("subscribeFrom says which topics it could not join", async () => {
        const [lost, plain] = [fresh("topic"), fresh("topic")];
        const { got, add } = collector();
        const topics = new Map([
          [lost, "12-0"],
          [plain, null],
        ]);
        const { missed, end } = await subscribeFrom(bus.events, topics, add);
        expect(missed).toEqual([lost]);
        await bus.events.publish(lost, "1");
        await bus.events.publish(plain, "2");
        await until("both", () => got.length === 2);
        await end();
      });
    });

    describe("jobs", () => {
      test("each is done once, with its data, one at a time in a process", async () => {
        const name = fresh("job");
        const done: string[] = [];
        let running = 0;
        let most = 0;
        const handler = async (data: string) => {
          most = Math.max(most, ++running);
          await Bun.sleep(1);
          done.push(data);
          running--;
        };
        await bus.jobs.work(name, handler);
        await Promise.all(Array.from({ length: 30 }, (_, i) => other.jobs.add(name, `data ${i}`)));
        await until("all jobs", () => done.length === 30);
        expect([...done].sort()).toEqual(Array.from({ length: 30 }, (_, i) => `data ${i}`).sort());
        expect(most).toBe(1);
      });

      test("one that fails is tried again, with longer and longer waits, the others go on", async () => {
        const name = fresh("job");
        const tried: string[] = [];
        await bus.jobs.work(name, async (data) => {
          tried.push(data);
          if (data === "bad" && tried.filter((one) => one === "bad").length < 4) throw new Error("not yet");
        });
        await bus.jobs.add(name, "bad");
        await bus.jobs.add(name, "good");
        await until("the fourth attempt", () => tried.filter((data) => data === "bad").length === 4);
        expect(tried.filter((data) => data === "good").length).toBe(1);
        expect(tried.indexOf("good")).toBeLessThan(tried.lastIndexOf("bad"));
      });

      test("a second with the id of a waiting one is not added; one with that of a running one is, once", async () => {
        const name = fresh("job");
        const done: string[] = [];
        let letGo = () => {};
        const gate = new Promise<void>((resolve) => {
          letGo = resolve;
        });
        await bus.jobs.add(name, "first", { id: "same" });
        await bus.jobs.add(name, "second", { id: "same" });
        await bus.jobs.add(name, "other", { id: "other" });
        await bus.jobs.work(name, async (data) => {
          done.push(data);
          if (data === "other") await gate;
        });
        await until("both", () => done.length === 2);
        expect(done).toEqual(["first", "other"]);
        await bus.jobs.add(name, "other, next", { id: "other" });
        await bus.jobs.add(name, "other, last", { id: "other" });
        await bus.jobs.add(name, "first, again", { id: "same" });
        letGo();
        await until("the rest", () => done.length >= 4);
        expect(done.slice(2).filter((data) => data.startsWith("other")).length).toBe(1);
        expect(done).toContain("first, again");
      });

      test("a delay is waited for", async () => {
        const name = fresh("job");
        const done: string[] = [];
        await bus.jobs.work(name, async (data) => void done.push(data));
        await bus.jobs.add(name, "later", { delay: 1_500 });
        await bus.jobs.add(name, "now");
        await until("both", () => done.length === 2);
        expect(done).toEqual(["now", "later"]);
      });

      test("a repetition runs again and again, once per interval in all processes", async () => {
        const name = fresh("job");
        let runs = 0;
        const handler = async (data: string) => {
          expect(data).toBe("");
          runs++;
        };
        await bus.jobs.work(name, handler);
        if (other !== bus) await other.jobs.work(name, handler);
        const began = Date.now();
        await bus.jobs.every(name, 100);
        await other.jobs.every(name, 100);
        await until("five runs", () => runs >= 5);
        expect(Date.now() - began).toBeGreaterThanOrEqual(300);
      });

      test("a handler may be replaced", async () => {
        const name = fresh("job");
        const done: string[] = [];
        await bus.jobs.work(name, async () => void done.push("old"));
        await bus.jobs.work(name, async () => void done.push("new"));
        await bus.jobs.add(name, "");
        await until("the job", () => done.length === 1);
        expect(done).toEqual(["new"]);
      });
    });

    test("closed, it answers no more, and closing again is nothing", async () => {
      const bus = kind === "redis" ? await adapter.open() : makeInProcessBus();
      await bus.close();
      await bus.close();
      await expect(bus.ping()).rejects.toBeInstanceOf(BusError);
      await expect(bus.jobs.add("job", "")).rejects.toBeInstanceOf(BusError);
      expect(bus.state().up).toBe(false);
    });
  });

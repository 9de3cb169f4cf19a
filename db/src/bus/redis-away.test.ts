/** Redis dies, hangs and comes back: reads fall back, nothing throws but `jobs.add`, and everything recovers by itself. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Log } from "../log.ts";
import { silentLog } from "../scratch.ts";
import { type ScratchRedis, startScratchRedis } from "../scratch-redis.ts";
import { type Bus, BusError } from "./bus.ts";
import { openBus } from "./open.ts";
import { openRedisBus } from "./redis.ts";

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen`);
    await Bun.sleep(5);
  }
}

let redis: ScratchRedis;
let bus: Bus;
const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
const keep = (level: string) => (fields: Record<string, unknown>, message: string) =>
  void logged.push({ level, fields, message });
const log = { info: keep("info"), warn: keep("warn"), error: keep("error") } as unknown as Log;

beforeEach(async () => {
  logged.length = 0;
  redis = await startScratchRedis();
  bus = await openRedisBus({ url: redis.url, log, retryDelay: 20 });
});
afterEach(async () => {
  redis.goOn();
  await bus.close();
  await redis.close();
});

/** All parts, as while nothing is known. */
async function expectFallbacks(): Promise<void> {
  const rule = { limit: 2, window: 60_000 };
  expect(await bus.cache.get("key")).toBeNull();
  await bus.cache.set("key", "x", 60_000);
  await bus.cache.delete("key");
  await bus.limits.reset("key");
  const hits = [];
  for (let i = 0; i < 4; i++) hits.push((await bus.limits.hit("key", rule)).allowed);
  expect(hits).toEqual([true, true, false, false]);
  await bus.limits.reset("key");
  expect((await bus.limits.hit("key", rule)).allowed).toBe(true);
  await bus.presence.touch([{ set: "set", member: "ada", ttl: 60_000 }]);
  await bus.presence.leave("set", "ada");
  expect(await bus.presence.count("set")).toBe(0);
  expect(await bus.presence.countAll(["set", "other"])).toEqual([0, 0]);
  await bus.counters.add("sum", { n: 1 });
  expect(await bus.counters.take("sum")).toEqual({});
  expect(await bus.locks.acquire("lock", 60_000)).toBeNull();
  await bus.events.publish("topic", "1");
  await bus.events.notify("topic", "1");
  expect(await bus.events.since("topic", `${Date.now()}-0`)).toBeNull();
  await expect(bus.jobs.add("job", "")).rejects.toMatchObject({ name: "BusError", code: "bus.unavailable" });
  await expect(bus.ping()).rejects.toBeInstanceOf(BusError);
}

const isBack = () =>
  until("Redis' return", () =>
    bus.ping().then(
      () => true,
      () => false,
    ),
  );

describe("Redis goes away", () => {
  test("killed: falls back at once, counts what was dropped, recovers with its subscriptions, locks and jobs", async () => {
    const got: string[] = [];
    const done: string[] = [];
    let ticks = 0;
    await bus.events.subscribe(["topic"], ({ data }) => void got.push(data));
    await bus.jobs.work("job", async (data) => void done.push(data));
    await bus.jobs.work("tick", async () => void ticks++);
    await bus.jobs.every("tick", 200);
    const held = await bus.locks.acquire("held", 60_000);
    await bus.events.publish("topic", "before");
    await bus.jobs.add("job", "before");
    await until("first news", () => got.length === 1 && done.length === 1 && ticks > 0);

    await redis.kill();
    await until("the notice", () => !bus.state().up);
    const began = Date.now();
    await expectFallbacks();
    // Nothing waits for a connection that is not there.
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(await held!.renew(60_000)).toBe(false);
    await held!.release();
    expect(bus.state()).toMatchObject({ up: false, outages: 1 });
    expect(bus.state().dropped).toBeGreaterThanOrEqual(8);
    // Wished for during the outage, made true after it.
    const late: string[] = [];
    await bus.events.subscribe(["late"], ({ data }) => void late.push(data));
    await bus.jobs.work("late", async (data) => void done.push(data));

    await redis.start();
    await isBack();
    ticks = 0;
    await until("the subscription's return", async () => {
      await bus.events.publish("topic", "after");
      await bus.events.publish("late", "after");
      return got.includes("after") && late.includes("after");
    });
    await bus.cache.set("key", "there", 60_000);
    expect(await bus.cache.get("key")).toBe("there");
    expect(await bus.locks.acquire("held", 60_000)).not.toBeNull();
    await until("a place for jobs", () =>
      bus.jobs.add("job", "after").then(
        () => true,
        () => false,
      ),
    );
    await bus.jobs.add("late", "late");
    await until("the jobs", () => done.includes("after") && done.includes("late"));
    // The repetition was in the data that is gone: it is told again.
    await until("the repetition's return", () => ticks >= 2);
    expect(bus.state()).toMatchObject({ up: true, outages: 1 });
  });

  test("an outage is a line at its beginning and one at its end, without the password", async () => {
    await redis.kill();
    await until("the notice", () => !bus.state().up);
    await Bun.sleep(1_000);
    await expectFallbacks();
    await redis.start();
    await isBack();
    await until("the lines", () => logged.filter(({ fields }) => fields.code === "bus.back").length >= 3);
    const away = logged.filter(({ fields }) => fields.code === "bus.away");
    expect(away.length).toBeGreaterThanOrEqual(1);
    // One for each connection, not for each attempt.
    expect(away.length).toBeLessThanOrEqual(4);
    expect(logged.filter(({ level }) => level === "error")).toEqual([]);
  });

  test("hanging: a command waits a second and a half at most, the next ones not at all, and it recovers", async () => {
    const got: string[] = [];
    await bus.events.subscribe(["topic"], ({ data }) => void got.push(data));
    await bus.cache.set("key", "x", 60_000);
    redis.hang();
    const began = Date.now();
    expect(await bus.cache.get("key")).toBeNull();
    expect(Date.now() - began).toBeLessThan(5_000);
    const then = Date.now();
    await expectFallbacks();
    // A second and a half for each would be half a minute.
    expect(Date.now() - then).toBeLessThan(10_000);
    redis.goOn();
    await isBack();
    expect(await bus.cache.get("key")).toBe("x");
    await until("the subscription's return", async () => {
      await bus.events.publish("topic", "after");
      return got.includes("after");
    });
  });

  test("what others published while our connections were cut comes once they are back, in order, each once", async () => {
    const got: string[] = [];
    const other = await openRedisBus({ url: redis.url, log: silentLog });
    try {
      await bus.events.subscribe(["topic"], ({ data }) => void got.push(data));
      await other.events.publish("topic", "0");
      await until("the first", () => got.length === 1);
      const ids = (await redis.ask("CLIENT", "LIST")).split("\n");
      const ours = ids
        .filter((line) => /name=streamhub-events /.test(line))
        .map((line) => /\bid=(\d+)/.exec(line)![1]!);
      const publishing = (async () => {
        for (let i = 1; i < 100; i++) await other.events.publish("topic", String(i));
      })();
      for (const id of ours) await redis.ask("CLIENT", "KILL", "ID", id);
      await publishing;
      for (const id of ours) await redis.ask("CLIENT", "KILL", "ID", id);
      await until("all", () => got.length >= 100);
      expect(got).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    } finally {
      await other.close();
    }
  });

  test("a job that was being done when Redis went is done; those that waited in it are done after", async () => {
    const done: string[] = [];
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await bus.jobs.work("job", async (data) => {
      if (data === "first") await gate;
      done.push(data);
    });
    await bus.jobs.add("job", "first");
    await bus.jobs.add("job", "second");
    redis.hang();
    await Bun.sleep(300);
    letGo();
    redis.goOn();
    await until("both", () => done.includes("first") && done.includes("second"));
  });
});

describe("opening", () => {
  test("a Redis that is not there is no failure: the bus starts without it and finds it", async () => {
    await redis.kill();
    const early = await openBus({ url: redis.url, log: silentLog });
    try {
      expect(early.state()).toEqual({ up: false, dropped: 0, outages: 0 });
      expect(await early.cache.get("key")).toBeNull();
      const got: string[] = [];
      await early.events.subscribe(["topic"], ({ data }) => void got.push(data));
      await early.jobs.every("tick", 200);
      let ticks = 0;
      await early.jobs.work("tick", async () => void ticks++);
      await redis.start();
      await until("the first event", async () => {
        await early.events.publish("topic", "1");
        return got.length > 0;
      });
      await until("the repetition", () => ticks > 0);
    } finally {
      await early.close();
    }
  });

  test("a wrong password, a host that is none and a port that hangs are an outage, told without the password", async () => {
    await redis.ask("CONFIG", "SET", "requirepass", "right");
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const port = new URL(redis.url).port;
    for (const url of [
      `redis://:wr0ng@127.0.0.1:${port}`,
      `redis://user:wr0ng@nowhere.invalid:6379`,
      `redis://:wr0ng@127.0.0.1:${silent.port}/3`,
    ]) {
      const lost = await openBus({ url, log });
      expect(await lost.cache.get("key")).toBeNull();
      await expect(lost.ping()).rejects.toMatchObject({ code: "bus.unavailable" });
      await lost.close();
    }
    silent.stop(true);
    expect(logged.filter(({ fields }) => fields.code === "bus.away").length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain("wr0ng");
    const right = await openBus({ url: `redis://:right@127.0.0.1:${port}`, log: silentLog });
    await right.ping();
    await right.close();
    await redis.ask("-a", "right", "CONFIG", "SET", "requirepass", "");
  });

  test("wrong URLs are refused with what to write, and without the password", async () => {
    for (const url of [
      "localhost:6379",
      "http://host",
      "redis://",
      "redis://:hunter2@host/database",
      "redis://:%zz@host",
      "nonsense",
    ]) {
      const failure = await openBus({ url, log: silentLog }).then(
        () => null,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ name: "BusError", code: "bus.bad-url" });
      expect(String(failure)).toContain("redis://USER:PASSWORD@HOST:6379/0");
      expect(String(failure)).not.toContain("hunter2");
    }
  });
});

describe("closing", () => {
  /** Ours only: redis-cli has one as well. */
  const connections = async () =>
    (await redis.ask("CLIENT", "LIST")).split("\n").filter((line) => /name=streamhub/.test(line)).length;

  test("leaves no connection, no subscription", async () => {
    await bus.events.subscribe(["topic"], () => {});
    await bus.jobs.work("job", async () => {});
    await bus.jobs.every("job", 100);
    expect(await connections()).toBeGreaterThanOrEqual(4);
    const began = Date.now();
    await bus.close();
    expect(Date.now() - began).toBeLessThan(8_000);
    await until("the last connection's end", async () => (await connections()) === 0);
  });

  test("is bounded while Redis hangs or is gone", async () => {
    await bus.jobs.work("job", async () => {});
    redis.hang();
    const began = Date.now();
    await bus.close();
    expect(Date.now() - began).toBeLessThan(8_000);
  });

  test("a process that closed its bus ends by itself: no timer and no socket holds it", async () => {
    const program = `
      import { openBus } from ${JSON.stringify(`${import.meta.dir}/open.ts`)};
      const log = { info() {}, warn() {}, error() {} };
      for (const url of [null, ${JSON.stringify(redis.url)}, "redis://127.0.0.1:1"]) {
        const bus = await openBus({ url, log });
        await bus.events.subscribe(["topic"], () => {});
        await bus.jobs.work("job", async () => {});
        await bus.jobs.every("job", 100);
        await bus.close();
      }
      console.log("closed");
    `;
    const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "pipe" });
    const reader = child.stdout.getReader();
    await reader.read();
    const began = Date.now();
    await child.exited;
    expect(child.exitCode).toBe(0);
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(await new Response(child.stderr).text()).toBe("");
  });
});

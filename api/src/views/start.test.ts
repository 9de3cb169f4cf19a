/** What happens behind the requests: batches, failures, counts, sweeps, and the end. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Database, VIEWERS_TOPIC, viewersSet } from "@streamhub/db";
import fc from "fast-check";
import { startPlatform, TEST_SECRET, type TestChannel, type TestPlatform } from "../../test/platform.ts";
import { makeCounting } from "./counting.ts";
import { HEALTHY_FOR, SILENT_AFTER, startViews } from "./start.ts";
import { makeViews, type Report, type Views } from "./views.ts";

setDefaultTimeout(120_000);

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const PLAYING: Report = { position: null, playing: true, over: false };
const viewer = (n: number) => ({ cookie: String(n).padStart(22, "0"), address: "192.0.2.1", userAgent: CHROME });

let platform: TestPlatform;
let channel: TestChannel;
let streamId: number;
let clock = Date.now();
/** Statements that went to the database. */
let statements = 0;
/** What the database does instead. */
let failing: Error | null = null;

/** The platform's database, counted, and away when it should be. */
function watched(db: Database): Database {
  const watch =
    <A extends unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      statements++;
      if (failing !== null) return Promise.reject(failing) as R;
      return call(...args);
    };
  return { ...db, execute: watch(db.execute.bind(db)), transaction: watch(db.transaction.bind(db)) } as Database;
}

let db: Database;
beforeAll(async () => {
  platform = await startPlatform();
  db = watched(platform.database.db);
});
afterAll(() => platform.close());
let channels = 0;
beforeEach(async () => {
  failing = null;
  channel = await platform.makeChannel(`one-${++channels}`);
  streamId = await channel.goLive();
  clock = Date.now();
});

const makeOwn = (): Views => makeViews({ db, bus: platform.bus, secret: TEST_SECRET, now: () => clock });

async function openMany(views: Views, count: number): Promise<string[]> {
  const opened = await Promise.all(
    Array.from({ length: count }, (_, n) => views.open({ streamId, userId: null, viewer: viewer(n), referrer: "" })),
  );
  return opened.map((each) => each!.sessionId);
}
const watchTimes = async () =>
  (await platform.database.sql`select watch_duration from stream_views where stream_id = ${streamId} order by id`).map(
    ({ watch_duration }) => watch_duration,
  );
const logged = () => {
  const lines: string[] = [];
  const note = (fields: object) => void lines.push((fields as { code: string }).code);
  return { lines, log: { info: note, warn: note, error: note } };
};
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("It did not come about.");
    await Bun.sleep(10);
  }
}

describe("batches", () => {
  test("a thousand viewers who come at once are a few statements; their heartbeats one, and no reading", async () => {
    const views = makeOwn();
    statements = 0;
    const ids = await openMany(views, 1_000);
    expect(statements).toBeLessThanOrEqual(5);
    statements = 0;
    for (let second = 0; second < 10; second++) {
      clock += 1_000;
      ids.forEach((id, n) => {
        expect(views.report(id, viewer(n), PLAYING)).toBe("counted");
      });
    }
    expect(statements).toBe(0);
    await views.flush();
    expect(statements).toBe(1);
    expect(views.state()).toMatchObject({ opened: 1_000, heartbeats: 10_000, writes: 1, pending: 0, dropped: 0 });
    expect(new Set(await watchTimes())).toEqual(new Set([10]));
    expect(await platform.bus.presence.count(viewersSet(streamId))).toBe(1_000);
  });

  test("sessions of another process are looked up together", async () => {
    const ids = await openMany(makeOwn(), 500);
    const views = makeOwn();
    statements = 0;
    const outcomes = await Promise.all(
      [...ids, ...ids, "no-such-session-000000"].map((id, n) => views.report(id, viewer(n), PLAYING)),
    );
    expect(statements).toBeLessThanOrEqual(2);
    expect(outcomes.filter((outcome) => outcome === "counted")).toHaveLength(1_000);
    expect(outcomes.at(-1)).toBe("unknown");
  });

  test("nothing to write is no statement", async () => {
    statements = 0;
    await makeOwn().flush();
    expect(statements).toBe(0);
  });
});

describe("a database that is away", () => {
  test("costs no watch time: what was heard meanwhile is written later", async () => {
    const views = makeOwn();
    const [id] = await openMany(views, 1);
    failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    for (let n = 0; n < 30; n++) {
      clock += 10_000;
      expect(views.report(id!, viewer(0), PLAYING)).toBe("counted");
      if (n % 3 === 0) await expect(views.flush()).rejects.toMatchObject({ code: "database.unavailable" });
    }
    failing = null;
    await views.flush();
    expect(await watchTimes()).toEqual([300]);
    clock += 10_000;
    await views.report(id!, viewer(0), { ...PLAYING, over: true });
    await views.flush();
    expect(await watchTimes()).toEqual([310]);
  });

  test("refuses those who come, who may try again", async () => {
    const views = makeOwn();
    failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => views.open({ streamId, userId: null, viewer: viewer(n), referrer: "" })),
    );
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    failing = null;
    expect(await openMany(views, 20)).toHaveLength(20);
  });

  test("one request that the database refuses takes no other with it", async () => {
    const views = makeOwn();
    const outcomes = await Promise.allSettled(
      [null, 999_999, null].map((userId, n) => views.open({ streamId, userId, viewer: viewer(n), referrer: "" })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});

test("law: whenever and however often it is written, or fails to be, the time is that of the heartbeats", async () => {
  const step = fc.record({
    gap: fc.integer({ min: 0, max: 29_000 }),
    playing: fc.boolean(),
    next: fc.constantFrom("nothing", "nothing", "flush", "fail", "other process"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
      await platform.database.sql`delete from stream_views where stream_id = ${streamId}`;
      let views = makeOwn();
      const [id] = await openMany(views, 1);
      let played = 0;
      for (const { gap, playing, next } of steps) {
        clock += gap;
        if (playing) played += gap;
        expect(await views.report(id!, viewer(0), { ...PLAYING, playing })).toBe("counted");
        if (next === "flush" || next === "other process") await views.flush();
        if (next === "other process") views = makeOwn();
        if (next !== "fail") continue;
        failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
        await views.flush().catch(() => {});
        failing = null;
      }
      await views.flush();
      const [seconds] = await watchTimes();
      // What is left of a second waits for the next heartbeat, or is lost in a pause.
      const pauses = steps.filter(({ playing }) => !playing).length;
      expect(seconds! * 1_000).toBeLessThanOrEqual(played + 1);
      expect(seconds! * 1_000).toBeGreaterThan(played - 1_000 * (1 + pauses));
    }),
    { numRuns: 40 },
  );
});

describe("running", () => {
  test("heartbeats are written by themselves, and the last ones when it stops", async () => {
    const { lines, log } = logged();
    const views = startViews({ db, bus: platform.bus, secret: TEST_SECRET, now: () => clock, log });
    const [id] = await openMany(views, 1);
    clock += 10_000;
    await views.report(id!, viewer(0), PLAYING);
    await until(async () => (await watchTimes())[0] === 10);
    clock += 10_000;
    await views.report(id!, viewer(0), PLAYING);
    await views.stop();
    expect(await watchTimes()).toEqual([20]);
    expect(lines).toEqual([]);
  });

  test("an outage is logged once, and its end; a stop during one says what is lost", async () => {
    const { lines, log } = logged();
    const views = startViews({ db, bus: platform.bus, secret: TEST_SECRET, now: () => clock, log });
    const [id] = await openMany(views, 1);
    failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    clock += 10_000;
    await views.report(id!, viewer(0), PLAYING);
    await until(() => views.state().writes >= 3);
    failing = null;
    await until(() => lines.includes("views.flush.again"));
    expect(lines.filter((line) => line === "views.flush.failed")).toHaveLength(1);
    failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    clock += 10_000;
    await views.report(id!, viewer(0), PLAYING);
    await views.stop();
    expect(lines.at(-1)).toBe("views.lost");
    failing = null;
    expect(await watchTimes()).toEqual([10]);
  });
});

describe("the sweep", () => {
  const isOver = async () =>
    (
      await platform.database.sql`select ended_at is not null as over from stream_views where stream_id = ${streamId}`
    )[0]!.over;

  test("ends what is silent, but after an outage waits for those who have something to write", async () => {
    const { log } = logged();
    let rounds = 0;
    const now = () => {
      rounds++;
      return clock;
    };
    const intervals = { flush: 5, sweep: 5 };
    const views = startViews({ db, bus: platform.bus, secret: TEST_SECRET, now, log, intervals });
    const [id] = await openMany(views, 1);
    failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    await views.report(id!, viewer(0), PLAYING);
    await until(() => views.state().writes >= 2);
    clock += SILENT_AFTER + 1_000;
    failing = null;
    await until(() => views.state().pending === 0);
    const before = statements;
    clock += HEALTHY_FOR - 1_000;
    const enough = rounds + 20;
    await until(() => rounds >= enough);
    expect([statements - before, await isOver()]).toEqual([0, false]);
    clock += 1_000;
    await until(isOver);
    await until(() => views.report(id!, viewer(0), PLAYING) === "ended");
    await views.stop();
  });
});

describe("counting viewers", () => {
  const touch = (members: string[], id = streamId) =>
    platform.bus.presence.touch(members.map((member) => ({ set: viewersSet(id), member, ttl: 35_000 })));
  const stored = async () => {
    const [row] = await platform.database.sql`
      select c.viewers_count, s.peak_viewers from streams s join channels c on c.id = s.channel_id where s.id = ${streamId}`;
    return [row!.viewers_count, row!.peak_viewers];
  };

  test("tells what changes, once, and writes it down with the peak and the minute", async () => {
    const told: unknown[] = [];
    const leave = await platform.bus.events.subscribe([VIEWERS_TOPIC], ({ data }) => {
      const change = JSON.parse(data) as { streamId: number };
      if (change.streamId === streamId) told.push(change);
    });
    const counting = makeCounting(db, platform.bus, () => clock);
    await counting.count();
    await touch(["a", "b", "c"]);
    await counting.count();
    await counting.count();
    await platform.bus.presence.leave(viewersSet(streamId), "a");
    await counting.count();
    const change = { streamId, channelId: channel.id };
    await until(() => told.length >= 2);
    expect(told).toEqual([
      { ...change, viewers: 3 },
      { ...change, viewers: 2 },
    ]);
    expect(await stored()).toEqual([2, 3]);
    statements = 0;
    await counting.count();
    // Who is live; nothing to write.
    expect(statements).toBe(1);
    clock += 60_000;
    await counting.count();
    const minutes = await platform.database.sql`
      select minute, viewers from stream_minutes where stream_id = ${streamId} order by minute`;
    expect(minutes.map(({ minute, viewers }) => [minute, viewers])).toEqual([
      [0, 3],
      [1, 2],
    ]);
    await channel.end();
    await counting.count();
    expect((await stored())[0]).toBe(0);
    await counting.stop();
    await leave();
  });

  test("is one process's work, until it stops", async () => {
    const [first, second] = [makeCounting(db, platform.bus, () => clock), makeCounting(db, platform.bus, () => clock)];
    await first.count();
    statements = 0;
    await second.count();
    expect(statements).toBe(0);
    await first.stop();
    await second.count();
    expect(statements).toBeGreaterThan(0);
    await second.stop();
  });

  test("a failed writing is made up for", async () => {
    const counting = makeCounting(db, platform.bus, () => clock);
    await touch(["a"]);
    await counting.count();
    await touch(["a", "b"]);
    failing = Object.assign(new Error("away"), { code: "ECONNREFUSED" });
    await expect(counting.count()).rejects.toMatchObject({ code: "database.unavailable" });
    failing = null;
    await counting.count();
    expect(await stored()).toEqual([2, 2]);
    await counting.stop();
  });

  test("shows in lists", async () => {
    const counting = makeCounting(db, platform.bus, () => clock);
    await touch(["a", "b", "c", "d"]);
    await counting.count();
    const channelRead = await platform.request("GET", `/api/channels/${channel.id}`);
    expect(await channelRead.json()).toMatchObject({ viewersCount: 4 });
    const list = await platform.request("GET", `/api/streams?channelId=${channel.id}`);
    expect(await list.json()).toMatchObject({ items: [{ channel: { viewersCount: 4 } }] });
    await counting.stop();
  });
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));

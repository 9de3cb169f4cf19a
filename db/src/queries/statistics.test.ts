/** The daily roll-up and the reads over it, on a real database, against a naive recount of the same sessions. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { deleteChannel } from "./channel-changes.ts";
import { deleteAccount } from "./profiles.ts";
import { type DayStatistics, dailyStatistics, summariseStatistics, topStreams } from "./statistics.ts";
import { rollUpStatistics } from "./statistics-rollup.ts";
import { deleteStream } from "./stream-changes.ts";

setDefaultTimeout(180_000);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Midnight after the first of these days; the tests' days are 20 to 27. */
const MIDNIGHT = Date.parse("2026-11-21T00:00:00Z");
const day = (n: number) => `2026-11-${n}`;
/** Hour `h` of a day of November 2026. */
const at = (n: number, h = 0) => Date.parse(`${day(n)}T00:00:00Z`) + h * HOUR;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());

interface StreamFacts {
  readonly id: number;
  readonly channelId: number;
  readonly startedAt: number;
}

/** Two channels of the first account, one of the second; two streams each. */
const STREAMS: readonly StreamFacts[] = [
  { id: 1, channelId: 1, startedAt: MIDNIGHT - 20_500 },
  { id: 2, channelId: 1, startedAt: MIDNIGHT + 2 * DAY + 7 },
  { id: 3, channelId: 2, startedAt: MIDNIGHT - 3 * HOUR },
  { id: 4, channelId: 2, startedAt: MIDNIGHT + DAY },
  { id: 5, channelId: 3, startedAt: MIDNIGHT - 1 },
  { id: 6, channelId: 3, startedAt: MIDNIGHT + 3 * DAY - 59_999 },
];
const OWNERS = new Map([
  [1, 1],
  [2, 1],
  [3, 2],
]);
const USERS = [1, 2, 3];

beforeEach(async () => {
  await emptyTables(handle);
  await handle.sql`
    insert into users (username, email, hashed_password)
    select 'u' || n, 'u' || n || '@example.org', '!' from generate_series(1, ${USERS.length}::int) n`;
  for (const [id, owner] of OWNERS)
    await handle.sql`insert into channels (user_id, slug, title, stream_key) values (${owner}, ${`c${id}`}, 'C', ${`k${id}`})`;
  for (const { channelId, startedAt } of STREAMS)
    await handle.sql`
      insert into streams (channel_id, title, started_at, ended_at, duration)
      values (${channelId}, 's', to_timestamp(${startedAt}::float8 / 1000), to_timestamp(${startedAt + 8 * DAY}::float8 / 1000), 691200)`;
});

interface View {
  readonly streamId: number;
  readonly userId: number | null;
  readonly visitor: string;
  readonly watched: number;
  readonly startedAt: number;
  readonly isOpen: boolean;
  readonly device: string;
  readonly referrer: string;
}

let sessions = 0;
async function insert(views: readonly View[]): Promise<void> {
  const rows = views.map((view) => ({ ...view, sessionId: `session-${++sessions}` }));
  await handle.sql`
    insert into stream_views (stream_id, user_id, session_id, visitor, watch_duration, started_at, ended_at, device, referrer)
    select "streamId", "userId", "sessionId", visitor, watched, to_timestamp("startedAt" / 1000),
      case when not "isOpen" then to_timestamp("startedAt" / 1000) + watched * interval '1 second' end, device, referrer
    from json_to_recordset(${JSON.stringify(rows)}::text::json)
      as r("streamId" int, "userId" int, "sessionId" text, visitor text, watched int, "startedAt" float8, "isOpen" boolean, device text, referrer text)`;
}

interface Minute {
  readonly streamId: number;
  readonly minute: number;
  readonly viewers: number;
}

const insertMinutes = (minutes: readonly Minute[]) =>
  handle.sql`
    insert into stream_minutes (stream_id, minute, viewers)
    select "streamId", minute, max(viewers) from json_to_recordset(${JSON.stringify(minutes)}::text::json)
      as r("streamId" int, minute int, viewers int) group by 1, 2`;

/** Near midnight more often than not, to the millisecond. */
const time = fc.oneof(
  fc.integer({ min: MIDNIGHT - DAY, max: MIDNIGHT + 5 * DAY - 1 }),
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(-2, -1, 0, 1))
    .map(([days, off]) => MIDNIGHT + days * DAY + off),
);
const viewOf: fc.Arbitrary<View> = fc.record({
  streamId: fc.integer({ min: 1, max: STREAMS.length }),
  userId: fc.option(fc.constantFrom(...USERS), { freq: 2 }),
  visitor: fc.constantFrom("", "a", "b", "c"),
  watched: fc.integer({ min: 0, max: 100_000 }),
  startedAt: time,
  isOpen: fc.boolean(),
  device: fc.constantFrom("desktop", "mobile", "tablet", "tv", "other"),
  referrer: fc.constantFrom("", "example.org", "xn--e1aybc.example"),
});
const minuteOf: fc.Arbitrary<Minute> = fc.record({
  streamId: fc.integer({ min: 1, max: STREAMS.length }),
  minute: fc.oneof(
    fc.integer({ min: 0, max: 4 * 1440 }),
    fc.integer({ min: 1, max: 4 }).map((days) => days * 1440),
    fc.constant(0),
  ),
  viewers: fc.integer({ min: 0, max: 50 }),
});

interface Sums extends Omit<DayStatistics, "date"> {
  readonly devices: Record<string, number>;
  readonly referrers: Record<string, number>;
}

const channelOf = (streamId: number) => STREAMS[streamId - 1]!.channelId;
const count = (names: readonly string[]) => {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** The same, counted one by one; keyed by channel and day. */
function recount(views: readonly View[], minutes: readonly Minute[]): Map<string, Sums> {
  const keyOf = (streamId: number, moment: number) => `${channelOf(streamId)} ${dayOf(moment)}`;
  const minuteKey = ({ streamId, minute }: Minute) =>
    keyOf(streamId, STREAMS[streamId - 1]!.startedAt + minute * 60_000);
  const watched = minutes.filter(({ viewers }) => viewers > 0);
  const keys = new Set([...views.map((view) => keyOf(view.streamId, view.startedAt)), ...watched.map(minuteKey)]);
  return new Map(
    [...keys].map((key) => {
      const mine = views.filter((view) => keyOf(view.streamId, view.startedAt) === key);
      const viewers = mine.map((view, n) =>
        view.userId !== null ? `user ${view.userId}` : view.visitor === "" ? `session ${n}` : view.visitor,
      );
      return [
        key,
        {
          totalViews: mine.length,
          uniqueViewers: new Set(viewers).size,
          watchTime: mine.reduce((sum, view) => sum + view.watched, 0),
          peakViewers: Math.max(0, ...watched.filter((m) => minuteKey(m) === key).map((m) => m.viewers)),
          devices: count(mine.map((view) => view.device)),
          referrers: count(mine.map((view) => view.referrer)),
        },
      ];
    }),
  );
}

/** What `statistics` holds, and which version of each row. */
async function written(): Promise<{ rows: Map<string, Sums>; versions: string }> {
  const found = await handle.sql<(Sums & { key: string; version: string; average: number })[]>`
    select channel_id || ' ' || date as key, xmin::text || ctid::text as version, total_views as "totalViews", unique_viewers as "uniqueViewers",
      watch_time::float8 as "watchTime", peak_viewers as "peakViewers", devices, referrers, avg_watch_time as average
    from statistics order by channel_id, date`;
  const rows = new Map<string, Sums>();
  for (const { key, version: _version, average, ...sums } of found) {
    expect(average).toBeCloseTo(sums.totalViews === 0 ? 0 : sums.watchTime / sums.totalViews, 6);
    rows.set(key, sums);
  }
  return { rows, versions: found.map((row) => row.version).join() };
}

const openFrom = async () => (await handle.sql`select open_from from rollups`)[0]?.open_from as string;
const sorted = <T>(map: Map<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
const one = (startedAt: number, more: Partial<View> = {}): View => ({
  streamId: 1,
  userId: null,
  visitor: "a",
  watched: 10,
  startedAt,
  isOpen: false,
  device: "desktop",
  referrer: "",
  ...more,
});

async function clear(): Promise<void> {
  await handle.sql`truncate stream_views, stream_minutes, statistics, statistics_viewers, statistics_streams, rollups restart identity`;
}

describe("the roll-up", () => {
  test("equals a naive recount; twice is as once; what changes in open days is counted anew", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(viewOf, { maxLength: 40 }),
        fc.array(minuteOf, { maxLength: 20 }),
        fc.array(viewOf, { maxLength: 10 }),
        fc.constantFrom(0, 1, 3, 30),
        async (views, minutes, more, hours) => {
          await clear();
          await insert(views);
          await insertMinutes(minutes);
          const past = { now: MIDNIGHT + 7 * DAY };
          expect((await rollUpStatistics(handle.db, past)).kind).toBe("done");
          const first = await written();
          expect(sorted(first.rows)).toEqual(sorted(recount(views, minutes)));
          expect(await rollUpStatistics(handle.db, past)).toMatchObject({ kind: "done", written: 0 });
          expect((await written()).versions).toBe(first.versions);

          // While days are open: sessions come and go.
          await handle.sql`truncate statistics, statistics_viewers, statistics_streams, rollups`;
          const now = MIDNIGHT + 5 * DAY + hours * HOUR;
          await rollUpStatistics(handle.db, { now });
          const open = await openFrom();
          await insert(more);
          const gone = views.filter((view) => dayOf(view.startedAt) >= open && view.referrer !== "");
          await handle.sql`
            delete from stream_views where referrer <> '' and started_at >= ${`${open}T00:00:00Z`} and session_id not in (
              select session_id from stream_views order by id desc limit ${more.length})`;
          await rollUpStatistics(handle.db, { now });
          const left = [
            ...views.filter((view) => !gone.includes(view)),
            ...more.filter((view) => dayOf(view.startedAt) >= open),
          ];
          const upToNow = sorted(recount(left, minutes)).filter(([key]) => key.slice(2) <= dayOf(now));
          expect(sorted((await written()).rows)).toEqual(upToNow);
        },
      ),
      { numRuns: 25 },
    ));

  test("a session belongs to the day on which it began, to the millisecond", async () => {
    await insert([
      one(MIDNIGHT - 1, { watched: 5_000 }),
      one(MIDNIGHT, { watched: 7 }),
      one(MIDNIGHT + DAY - 1, { watched: 8 }),
    ]);
    await rollUpStatistics(handle.db, { now: at(25) });
    expect([...(await written()).rows].map(([key, { watchTime }]) => [key, watchTime])).toEqual([
      ["1 2026-11-20", 5_000],
      ["1 2026-11-21", 15],
    ]);
  });

  test("right at midnight the old day is still open", async () => {
    await insert([one(at(21, 12))]);
    await rollUpStatistics(handle.db, { now: at(22) });
    expect(await openFrom()).toBe(day(21));
    await insert([one(at(22) - 1)]);
    expect(await rollUpStatistics(handle.db, { now: at(22, 1) })).toMatchObject({ days: 2, written: 1 });
    expect((await written()).rows.get("1 2026-11-21")?.totalViews).toBe(2);
    await rollUpStatistics(handle.db, { now: at(22, 3) });
    expect(await openFrom()).toBe(day(22));
  });

  test("a day stays open while a session of it goes on, or might; two days later it is final whatever is open", async () => {
    await insert([one(at(21, 23), { isOpen: true })]);
    await rollUpStatistics(handle.db, { now: at(22, 9) });
    expect(await openFrom()).toBe(day(21));
    await handle.sql`update stream_views set watch_duration = 36000, ended_at = ${new Date(at(22, 9)).toISOString()}`;
    await rollUpStatistics(handle.db, { now: at(22, 10) });
    expect(await openFrom()).toBe(day(21));
    expect((await written()).rows.get("1 2026-11-21")?.watchTime).toBe(36_000);
    await rollUpStatistics(handle.db, { now: at(22, 11) + 1 });
    expect(await openFrom()).toBe(day(22));

    await insert([one(at(22, 23), { isOpen: true })]);
    await rollUpStatistics(handle.db, { now: at(25) - 1 });
    expect(await openFrom()).toBe(day(22));
    await rollUpStatistics(handle.db, { now: at(25) });
    expect(await openFrom()).toBe(day(24));
  });

  test("catches up after three days of downtime, and leaves final days alone", async () => {
    await insert([one(at(20, 5)), one(at(21, 5))]);
    await rollUpStatistics(handle.db, { now: at(21, 6) });
    expect(await openFrom()).toBe(day(21));
    // Meanwhile, with no roll-up: four more days; and somebody changes the past.
    await insert([one(at(21, 20)), one(at(22, 1)), one(at(23, 1)), one(at(24, 1)), one(at(25, 1)), one(at(20, 6))]);
    expect(await rollUpStatistics(handle.db, { now: at(25, 6) })).toEqual({ kind: "done", days: 5, written: 5 });
    expect([...(await written()).rows].map(([key, { totalViews }]) => [key, totalViews])).toEqual([
      ["1 2026-11-20", 1],
      ["1 2026-11-21", 2],
      ["1 2026-11-22", 1],
      ["1 2026-11-23", 1],
      ["1 2026-11-24", 1],
      ["1 2026-11-25", 1],
    ]);
    expect(await openFrom()).toBe(day(25));
  });

  test("stopped in between, the next one goes on where it was", async () => {
    await insert([one(at(20, 5)), one(at(21, 5)), one(at(22, 5))]);
    let asked = 0;
    const stopped = await rollUpStatistics(handle.db, { now: at(25), isStopped: () => ++asked > 2 });
    expect([stopped, await openFrom()]).toEqual([{ kind: "stopped", days: 2, written: 2 }, day(22)]);
    expect(await rollUpStatistics(handle.db, { now: at(25) })).toMatchObject({ kind: "done", written: 1 });
  });

  test("many at once: the same rows as one, and no failure", () =>
    fc.assert(
      fc.asyncProperty(fc.array(viewOf, { minLength: 10, maxLength: 30 }), async (views) => {
        await clear();
        await insert(views);
        const results = await Promise.all(
          Array.from({ length: 6 }, () => rollUpStatistics(handle.db, { now: MIDNIGHT + 7 * DAY })),
        );
        expect(results.some(({ kind }) => kind === "done")).toBe(true);
        expect(sorted((await written()).rows)).toEqual(sorted(recount(views, [])));
      }),
      { numRuns: 10 },
    ));

  test("while channels, streams and accounts are deleted: no failure, nothing left of them", async () => {
    const { sql } = handle;
    for (let round = 0; round < 5; round++) {
      await clear();
      // An account that watches all, with a channel of its own; another channel; and a stream of one that stays.
      const [user, own, other] = [100 + round, 100 + round, 200 + round];
      await sql`insert into users (id, username, email, hashed_password) overriding system value
        values (${user}, ${`x${round}`}, ${`x${round}@example.org`}, '!')`;
      for (const [id, owner] of [
        [own, user],
        [other, 1],
      ] as const)
        await sql`insert into channels (id, user_id, slug, title, stream_key) overriding system value
          values (${id}, ${owner}, ${`x${id}`}, 'X', ${`x-key-${id}`})`;
      for (const [id, channel] of [
        [own, own],
        [other, other],
        [300 + round, 1],
      ] as const)
        await sql`insert into streams (id, channel_id, title, started_at, ended_at, duration) overriding system value
          values (${id}, ${channel}, 'x', '2026-11-20', '2026-11-26', 518400)`;
      const watch = (streamId: number) =>
        Array.from({ length: 100 }, (_, n) => one(at(20, n), { streamId, userId: n % 2 ? user : 3 }));
      await insert([own, other, 300 + round, 1, 3, 5].flatMap(watch));
      await Promise.all([
        rollUpStatistics(handle.db, { now: at(26) }),
        deleteChannel(handle.db, other),
        deleteAccount(handle.db, user),
        deleteStream(handle.db, 300 + round),
        rollUpStatistics(handle.db, { now: at(26) }),
      ]);
      const [left] = await sql`
        select (select count(*) from statistics where channel_id >= 100)::int + (select count(*) from statistics_streams where stream_id >= 100)::int
          + (select count(*) from channels where id >= 100)::int as n`;
      expect(left?.n).toBe(0);
    }
  });

  test("a clock that was ahead makes no day final that has not come", async () => {
    await rollUpStatistics(handle.db, { now: at(29, 3) });
    expect(await openFrom()).toBe(day(29));
    await insert([one(at(25, 3))]);
    await rollUpStatistics(handle.db, { now: at(25, 6) });
    expect(await openFrom()).toBe(day(25));
    expect((await written()).rows.size).toBe(1);
  });

  test("of an empty platform: nothing", async () => {
    await handle.sql`truncate streams cascade`;
    expect(await rollUpStatistics(handle.db, { now: at(25) })).toEqual({ kind: "done", days: 1, written: 0 });
  });

  test("keeps a hundred hosts a day, those with the most views", async () => {
    await insert(
      Array.from({ length: 150 }, (_, n) => one(at(20, 1), { referrer: `host-${n}.example` })).concat(
        Array.from({ length: 3 }, () => one(at(20, 1), { referrer: "zzz.example" })),
      ),
    );
    await rollUpStatistics(handle.db, { now: at(25) });
    const { referrers, totalViews } = (await written()).rows.get("1 2026-11-20")!;
    expect([totalViews, Object.keys(referrers).length, referrers["zzz.example"]]).toEqual([153, 100, 3]);
  });
});

describe("reads", () => {
  const NOW = MIDNIGHT + 4 * DAY + 6 * HOUR;

  test("equal a naive recount over any range, with any part of it rolled up", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(viewOf, { maxLength: 40 }),
        fc.array(minuteOf, { maxLength: 20 }),
        fc.integer({ min: 19, max: 27 }),
        fc.integer({ min: 0, max: 7 }),
        // The day on which the roll-up ran last; from then on nothing did but what is live.
        fc.constantFrom(NOW - 2 * DAY, NOW - DAY - 5 * HOUR, NOW - 60_000),
        async (views, minutes, from, length, rolledUp) => {
          await clear();
          await insert(views.filter((view) => view.startedAt < rolledUp));
          await insertMinutes(minutes);
          await rollUpStatistics(handle.db, { now: rolledUp });
          await insert(views.filter((view) => view.startedAt >= rolledUp));
          const range = { from: day(from), to: dayOf(at(from) + length * DAY), now: NOW };
          const isMine = (moment: number) => dayOf(moment) >= range.from && dayOf(moment) <= range.to;
          const mine = views.filter((view) => isMine(view.startedAt));
          const all = recount(mine, minutes);
          // A peak may be after what the roll-up has seen, or outside of the range.
          for (const [key] of all) if (key.slice(2) < range.from || key.slice(2) > range.to) all.delete(key);

          const days = await dailyStatistics(handle.db, 1, range);
          const expected = sorted(all)
            .filter(([key]) => key.startsWith("1 "))
            .map(([key, { devices: _devices, referrers: _referrers, ...sums }]) => ({ date: key.slice(2), ...sums }));
          expect(days).toEqual(expected);

          const { total, channels, devices } = await summariseStatistics(handle.db, { ownerId: 1 }, range);
          const ours = mine.filter((view) => OWNERS.get(channelOf(view.streamId)) === 1);
          const anonymous = (list: readonly View[]) => {
            const names = list
              .filter((view) => view.userId === null)
              .map((view, n) => `${channelOf(view.streamId)} ${dayOf(view.startedAt)} ${view.visitor || n}`);
            return new Set(names).size;
          };
          const accounts = (list: readonly View[]) => new Set(list.flatMap((view) => view.userId ?? [])).size;
          const sums = sorted(all).filter(([key]) => !key.startsWith("3 "));
          expect(total).toMatchObject({
            totalViews: ours.length,
            uniqueViewers: anonymous(ours) + accounts(ours),
            watchTime: ours.reduce((sum, view) => sum + view.watched, 0),
            peakViewers: Math.max(0, ...sums.map(([, { peakViewers }]) => peakViewers)),
          });
          for (const id of [1, 2]) {
            const list = ours.filter((view) => channelOf(view.streamId) === id);
            expect(channels.get(id)?.uniqueViewers ?? 0).toBe(anonymous(list) + accounts(list));
          }
          expect(channels.has(3)).toBe(false);
          expect(Object.fromEntries(devices.map(({ name, views }) => [name, views]))).toEqual(
            count(ours.map((view) => view.device)),
          );

          const top = await topStreams(handle.db, 1, { ...range, sort: "views", limit: 10 });
          for (const { id, views: n, watchTime } of top) {
            const theirs = mine.filter((view) => view.streamId === id);
            expect([n, watchTime]).toEqual([theirs.length, theirs.reduce((sum, view) => sum + view.watched, 0)]);
          }
          expect(top.reduce((sum, { views: n }) => sum + n, 0)).toBe(
            mine.filter((view) => channelOf(view.streamId) === 1).length,
          );
        },
      ),
      { numRuns: 40 },
    ));

  test("time live, within the range and up to now", async () => {
    await handle.sql`truncate streams cascade`;
    await handle.sql`insert into streams (channel_id, title, is_live, started_at, ended_at) values
      (1, 'over midnight', false, '2026-11-20T22:00Z', '2026-11-21T03:00Z'), (1, 'live', true, '2026-11-24T20:00Z', null),
      (1, 'planned', false, null, null), (2, 'over', false, '2026-11-21T10:00Z', '2026-11-21T10:00:30Z')`;
    const read = async (from: number, to: number) => {
      const { total } = await summariseStatistics(
        handle.db,
        { ownerId: 1 },
        { from: day(from), to: day(to), now: at(25, 1) },
      );
      return [total.streams, total.liveTime];
    };
    expect(await read(20, 20)).toEqual([1, 7_200]);
    expect(await read(21, 21)).toEqual([1, 10_830]);
    expect(await read(22, 23)).toEqual([0, 0]);
    expect(await read(24, 26)).toEqual([1, 18_000]);
    expect(await read(20, 26)).toEqual([3, 36_030]);
  });
});

describe("with 200,000 sessions", () => {
  /** What a read does, as PostgreSQL says. */
  async function plansOf(read: (db: typeof handle.db) => Promise<unknown>): Promise<string> {
    const { sql: text } = await import("drizzle-orm");
    const plans: string[] = [];
    const explaining = {
      execute: async (query: Parameters<typeof handle.db.execute>[0]) => {
        const rows = await handle.db.execute(text`explain (analyze) ${query as ReturnType<typeof text>}`);
        plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
        return handle.db.execute(query);
      },
    };
    await read(explaining as unknown as typeof handle.db);
    return plans.join("\n\n");
  }

  test("final days come from the sums; open ones by an index", async () => {
    // In parts: a statement has its time.
    for (let part = 0; part < 20; part++)
      await handle.sql`
        insert into stream_views (stream_id, user_id, session_id, visitor, watch_duration, started_at, ended_at)
        select 1 + n % 6, case when n % 5 = 0 then 1 + n % 3 end, 'many-' || n, 'v' || n % 5000, n % 4000,
          '2026-09-01T00:00Z'::timestamptz + n * interval '36 s', '2026-09-01T00:00Z'::timestamptz + n * interval '36 s' + interval '1 min'
        from generate_series(${part * 10_000 + 1}::int, ${part * 10_000 + 10_000}::int) n`;
    await handle.sql`update streams set started_at = '2026-08-31'`;
    await handle.sql`analyze`;
    const now = at(23, 8);
    await rollUpStatistics(handle.db, { now });
    expect(await openFrom()).toBe(day(23));
    await handle.sql`analyze`;
    const range = { from: "2026-09-01", to: day(23), now };
    const daily = await plansOf((db) => dailyStatistics(db, 1, range));
    const summary = await plansOf((db) => summariseStatistics(db, { ownerId: 1 }, range));
    const top = await plansOf((db) => topStreams(db, 1, { ...range, sort: "watchTime", limit: 10 }));
    for (const plan of [daily, summary, top]) {
      expect(plan).not.toMatch(/Seq Scan on stream_views/);
      // Nothing is read twice; what is read of the sessions is today's.
      for (const [, rows] of plan.matchAll(/Scan[^\n]* on stream_views[^\n]*actual[^\n]*rows=([\d.]+)/g))
        expect(Number(rows)).toBeLessThan(2_000);
    }
    const before = await plansOf((db) => dailyStatistics(db, 1, { ...range, to: day(22) }));
    expect(before).not.toContain("stream_views");
    expect((await dailyStatistics(handle.db, 1, range)).reduce((sum, row) => sum + row.totalViews, 0)).toBe(
      Number(
        (await handle.sql`select count(*) from stream_views where stream_id in (1, 2) and started_at < '2026-11-24'`)[0]
          ?.count,
      ),
    );
  });
});

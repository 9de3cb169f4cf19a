/** The roll-up as a job: at the start, in one of several processes, stopped in order, tried again. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { makeInProcessBus } from "@streamhub/db/bus/in-process";
import { startPlatform, type TestPlatform } from "../../test/platform.ts";
import { ROLL_UP_JOB, startStatistics } from "./start.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
const NOW = Date.parse("2026-11-25T06:00:00Z");
const told: string[] = [];
const log = {
  info: ({ code }: Record<string, unknown>) => told.push(String(code)),
  warn: ({ code }: Record<string, unknown>) => told.push(String(code)),
  error: ({ code }: Record<string, unknown>) => told.push(String(code)),
};

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.close());
beforeEach(async () => {
  told.length = 0;
  await platform.database.sql`truncate channels, streams, stream_views, statistics, rollups cascade`;
  const { id } = await platform.makeChannel("one");
  await platform.database.sql`insert into streams (channel_id, title, started_at, ended_at)
    values (${id}, 's', '2026-11-20T10:00Z', '2026-11-20T12:00Z')`;
  await platform.database.sql`insert into stream_views (stream_id, session_id, watch_duration, started_at, ended_at)
    select id, 'session', 60, '2026-11-20T10:30Z', '2026-11-20T10:31Z' from streams`;
});

const rows = async () =>
  (await platform.database.sql`select date, total_views from statistics`).map((row) => ({ ...row }));
const openFrom = async () =>
  (await platform.database.sql`select open_from from rollups`)[0]?.open_from as string | undefined;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("it did not come to that");
    await Bun.sleep(20);
  }
}

test("a start catches up with all days that were missed, and says so", async () => {
  const { db } = platform.database;
  const bus = makeInProcessBus();
  const statistics = startStatistics({ db, bus, log, now: () => NOW });
  await until(async () => (await openFrom()) === "2026-11-25" && told.length > 0);
  expect([await rows(), told]).toEqual([[{ date: "2026-11-20", total_views: 1 }], ["statistics.caught-up"]]);
  await statistics.stop();
  // What the bus still hands out after a stop is left to others.
  await platform.database.sql`truncate rollups, statistics`;
  await bus.jobs.add(ROLL_UP_JOB, "");
  await bus.close();
  expect([await rows(), await openFrom()]).toEqual([[], undefined]);
});

test("several processes at once count each day right", async () => {
  const { db } = platform.database;
  const buses = [makeInProcessBus(), makeInProcessBus(), makeInProcessBus()];
  const started = buses.map((bus) => startStatistics({ db, bus, log, now: () => NOW }));
  await until(async () => (await openFrom()) === "2026-11-25");
  await Promise.all(started.map((each) => each.stop()));
  await Promise.all(buses.map((bus) => bus.close()));
  expect(await rows()).toEqual([{ date: "2026-11-20", total_views: 1 }]);
});

test("a database that fails is asked again; a bus that takes no job only delays it", async () => {
  const { db } = platform.database;
  let failures = 2;
  const failing: typeof db = Object.create(db, {
    execute: {
      value: (query: Parameters<typeof db.execute>[0]) => {
        if (failures > 0) {
          failures--;
          throw Object.assign(new Error("gone"), { code: "ECONNREFUSED" });
        }
        return db.execute(query);
      },
    },
  });
  const bus = makeInProcessBus(undefined, { retryDelay: 10 });
  const statistics = startStatistics({ db: failing, bus, log, now: () => NOW });
  await until(async () => (await openFrom()) === "2026-11-25");
  await statistics.stop();
  await bus.close();

  const closed = makeInProcessBus();
  await closed.close();
  const late = startStatistics({ db, bus: closed, log, now: () => NOW });
  await until(async () => told.includes("statistics.late"));
  await late.stop();
});

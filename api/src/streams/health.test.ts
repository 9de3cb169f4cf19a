/** What ingest wrote of a broadcast, as a plot wants it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { queries } from "@streamhub/db";
import fc from "fast-check";
import { startPlatform, type TestPlatform, type TestUser } from "../../test/platform.ts";
import { episodesOf } from "./health.ts";

setDefaultTimeout(120_000);

interface Health {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly points: readonly Record<string, number | string | null>[];
  readonly problems: readonly { code: string; from: string; to: string }[];
}

const MINUTE = 60_000;
const START = Date.parse("2026-11-25T12:00:30Z");
const HOURS = 4;
let platform: TestPlatform;
let ada: TestUser;
let id: number;

const minuteAt = (minute: number): Omit<queries.HealthMinute, "streamId"> => ({
  minute,
  bitrateKbps: Array.from({ length: 60 }, (_, second) => 1_000 + second),
  fps: new Array(60).fill(29.97),
  keyframeSeconds: new Array(60).fill(2),
  missingFrames: new Array(60).fill(0),
  skewMs: new Array(60).fill(-5),
  problems: {},
});

beforeAll(async () => {
  platform = await startPlatform();
  ada = await platform.makeUser({ username: "ada" });
  const channel = await platform.makeChannel("one", { owner: ada });
  id = await channel.goLive();
  await channel.end();
  const [from, to] = [new Date(START), new Date(START + HOURS * 60 * MINUTE)];
  await platform.database
    .sql`update streams set started_at = ${from.toISOString()}, ended_at = ${to.toISOString()} where id = ${id}`;
  const first = START - 30_000;
  const rows = Array.from({ length: HOURS * 60 + 1 }, (_, index) => ({
    streamId: id,
    ...minuteAt(first + index * MINUTE),
  }));
  const began = rows[0]!;
  const last = rows.at(-1)!;
  const keep = (list: readonly (number | null)[], is: (second: number) => boolean) =>
    list.map((value, second) => (is(second) ? value : null));
  rows[0] = { ...began, bitrateKbps: keep(began.bitrateKbps, (second) => second >= 30) };
  rows[rows.length - 1] = { ...last, bitrateKbps: keep(last.bitrateKbps, (second) => second < 30) };
  rows[10] = { ...rows[10]!, problems: { "frames-dropped": [50, 59], "no-audio": [3, 3] } };
  rows[11] = { ...rows[11]!, problems: { "frames-dropped": [0, 4, 30, 40] }, missingFrames: new Array(60).fill(1) };
  await queries.writeHealth(platform.database.db, rows);
});
afterAll(() => platform.close());

async function healthOf(query = "", actor: Pick<TestUser, "request"> = ada): Promise<Health> {
  const response = await actor.request("GET", `/api/streams/${id}/health${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Health;
}

describe("the whole broadcast", () => {
  test("is at most 600 points, which have all of it", async () => {
    const { points, stepSeconds, from, to } = await healthOf();
    expect(from).toBe("2026-11-25T12:00:30.000Z");
    expect(to).toBe("2026-11-25T16:00:31.000Z");
    expect(points.length).toBeLessThanOrEqual(600);
    expect(points.length).toBeGreaterThan(550);
    expect(stepSeconds).toBe(25);
    expect(points[0]).toEqual({
      at: from,
      bitrateKbps: Math.round((1_030 + 1_054) / 2),
      lowestKbps: 1_030,
      fps: 30,
      keyframeIntervalSeconds: 2,
      missingFrames: 0,
      skewMs: -5,
    });
    expect(points.reduce((sum, { missingFrames }) => sum + Number(missingFrames), 0)).toBe(60);
  });

  test("and when each problem was there, over the borders of minutes", async () => {
    expect((await healthOf()).problems).toEqual([
      { code: "no-audio", from: "2026-11-25T12:10:03.000Z", to: "2026-11-25T12:10:04.000Z" },
      { code: "frames-dropped", from: "2026-11-25T12:10:50.000Z", to: "2026-11-25T12:11:05.000Z" },
      { code: "frames-dropped", from: "2026-11-25T12:11:30.000Z", to: "2026-11-25T12:11:41.000Z" },
    ]);
  });
});

test("a part of it, second by second", async () => {
  const query = "?from=2026-11-25T12:10:55Z&to=2026-11-25T14:11:02%2B02:00";
  const { points, problems, stepSeconds } = await healthOf(query);
  expect(stepSeconds).toBe(1);
  expect(points.map(({ at }) => String(at).slice(14, 19))).toEqual([
    ...["10:55", "10:56", "10:57", "10:58", "10:59", "11:00", "11:01"],
  ]);
  expect(points.map(({ bitrateKbps }) => bitrateKbps)).toEqual([1_055, 1_056, 1_057, 1_058, 1_059, 1_000, 1_001]);
  expect(problems).toEqual([
    { code: "frames-dropped", from: "2026-11-25T12:10:55.000Z", to: "2026-11-25T12:11:02.000Z" },
  ]);
});

test("times in which nothing was measured have no points", async () => {
  const { points, problems } = await healthOf("?from=2026-11-24T00:00:00Z&to=2026-11-24T01:00:00Z");
  expect([points, problems]).toEqual([[], []]);
});

test.each([
  "from=x",
  "from=2026-11-25",
  "from=2026-11-25T12:00",
  "to=2026-11-25T12:00:00Z",
  "from=%00",
  "to=0",
  "from=2026-02-30T00:00:00Q",
])("%s is refused", async (query) =>
  expect((await ada.request("GET", `/api/streams/${id}/health?${query}`)).status).toBe(422),
);
test("so is more than a month", async () => {
  const query = "from=2026-01-01T00:00:00Z&to=2026-11-25T12:00:00Z";
  expect((await ada.request("GET", `/api/streams/${id}/health?${query}`)).status).toBe(422);
});

test("written again it is the newer one; of a stream that is gone it is left out", async () => {
  const { db } = platform.database;
  const first = { streamId: id, ...minuteAt(START - 30_000) };
  await queries.writeHealth(db, [
    { streamId: 99_999, ...minuteAt(START) },
    { ...first, fps: new Array(60).fill(null) },
  ]);
  const { points } = await healthOf("?from=2026-11-25T12:00:00Z&to=2026-11-25T12:00:02Z");
  expect(points.map(({ fps }) => fps)).toEqual([null, null]);
  await queries.writeHealth(db, [first]);
});

test("law: seconds with a problem are in its episodes, whatever they are", () => {
  const problem = fc.uniqueArray(fc.nat(299), { maxLength: 60 });
  fc.assert(
    fc.property(problem, (seconds) => {
      const minutes = Array.from({ length: 5 }, (_, minute) => ({
        minute: minute * MINUTE,
        problems: {
          code: seconds
            .filter((second) => Math.floor(second / 60) === minute)
            .sort((a, b) => a - b)
            .flatMap((second) => [second % 60, second % 60]),
        },
      }));
      const episodes = episodesOf(minutes, { from: 0, to: 300_000 });
      const has = (second: number) =>
        episodes.some(({ from, to }) => Date.parse(from) <= second * 1_000 && Date.parse(to) >= (second + 1) * 1_000);
      for (const second of seconds) expect(has(second)).toBe(true);
      // Two that are apart are not one.
      for (const [index, { from }] of episodes.entries())
        if (index > 0) expect(Date.parse(from) - Date.parse(episodes[index - 1]!.to)).toBeGreaterThan(5_000);
    }),
  );
});

test("nothing above was a mistake of the server", () => expect(platform.failures).toEqual([]));

import { expect, setDefaultTimeout, test } from "bun:test";
import { DatabaseError, type queries } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import type { HealthSample } from "../doctor/stream-health.ts";
import { makeHealthHistory } from "./health-history.ts";

setDefaultTimeout(60_000);

const NOON = Date.parse("2026-11-25T12:00:00Z");
const sample = (bitrateKbps: number, ...codes: string[]): HealthSample => ({
  bitrateKbps,
  fps: 30,
  width: 1,
  height: 1,
  videoCodec: "H.264",
  audioCodec: "AAC",
  keyframeIntervalSeconds: 2,
  missingFrames: 0,
  skewMs: null,
  problems: codes.map((code) => ({
    code: code as HealthSample["problems"][number]["code"],
    severity: "info",
    values: {},
    detail: "",
    fix: null,
  })),
});

function open(write: (minutes: readonly queries.HealthMinute[]) => Promise<void>) {
  return makeHealthHistory({ write, log: silentLog, writeEveryMs: 3_600_000 });
}

test("a row for each minute of each stream, all at once", async () => {
  const written: (readonly queries.HealthMinute[])[] = [];
  const history = open(async (rows) => void written.push(structuredClone(rows)));
  for (let second = 58; second < 62; second++) {
    history.add(1, NOON + second * 1_000, sample(second, ...(second === 59 ? [] : ["no-audio"])));
    history.add(2, NOON + second * 1_000 + 400, sample(1_000 + second));
  }
  await history.flush();
  expect(written).toHaveLength(1);
  const rows = written[0]!;
  expect(rows.map(({ streamId, minute }) => [streamId, minute - NOON])).toEqual([
    [1, 0],
    [2, 0],
    [1, 60_000],
    [2, 60_000],
  ]);
  expect(rows[0]!.bitrateKbps).toEqual([...new Array(58).fill(null), 58, 59]);
  expect(rows[2]!.bitrateKbps.slice(0, 3)).toEqual([60, 61, null]);
  expect(rows[0]!.problems).toEqual({ "no-audio": [58, 58] });
  expect(rows[2]!.problems).toEqual({ "no-audio": [0, 1] });
  await history.flush();
  expect(written).toHaveLength(1);
  await history.stop();
});

test("what the database did not take is written later; what was added meanwhile too", async () => {
  let isAway = true;
  const written: number[] = [];
  const history = open(async (rows) => {
    if (isAway) throw new DatabaseError("database.unavailable", "away");
    for (const { bitrateKbps } of rows) written.push(bitrateKbps.filter((value) => value !== null).length);
  });
  history.add(1, NOON, sample(1));
  await history.flush();
  history.add(1, NOON + 1_000, sample(2));
  isAway = false;
  await history.stop();
  expect(written).toEqual([2]);
});

test("is bounded while the database is away: the oldest go first", async () => {
  let isAway = true;
  const minutes = new Set<number>();
  const history = open(async (rows) => {
    if (isAway) throw new DatabaseError("database.unavailable", "away");
    for (const { minute } of rows) minutes.add(minute);
  });
  for (let minute = 0; minute < 3_000; minute++) history.add(1, NOON + minute * 60_000, sample(1));
  await history.flush();
  isAway = false;
  await history.stop();
  expect(minutes.size).toBe(1_200);
  expect(Math.max(...minutes)).toBe(NOON + 2_999 * 60_000);
});

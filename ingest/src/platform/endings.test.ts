import { expect, setDefaultTimeout, test } from "bun:test";
import { DatabaseError } from "@streamhub/db";
import { silentLog } from "@streamhub/db/scratch";
import { ms } from "../bytes/units.ts";
import { makeEndings } from "./endings.ts";

setDefaultTimeout(60_000);

const away = () => Promise.reject(new DatabaseError("database.unavailable", "away"));
const settings = { log: silentLog, firstRetryMs: 1, maxRetryMs: 4 };

test("is retried until the database has it, with the time of the end, not of the writing", async () => {
  const written: [number, number][] = [];
  let attempts = 0;
  const end = async (streamId: number, endedAt: number) => {
    if (++attempts <= 5) return away();
    written.push([streamId, endedAt]);
  };
  const endings = makeEndings({ ...settings, end });
  await endings.add(7, ms(1_000));
  expect(written).toEqual([[7, 1_000]]);
  await endings.close(1_000);
});

test("several wait together and come in their order; the same one twice is one", async () => {
  let isAway = true;
  const written: number[] = [];
  const endings = makeEndings({ ...settings, end: async (id) => (isAway ? away() : written.push(id)) });
  const all = [1, 2, 3, 2].map((id) => endings.add(id, ms(0)));
  await endings.flush();
  expect(written).toEqual([]);
  isAway = false;
  await Promise.all(all);
  expect(written).toEqual([1, 2, 3]);
});

test("one that the database refuses doesn't hold up the others", async () => {
  const written: number[] = [];
  const refused = () => Promise.reject(new DatabaseError("database.failed", "no"));
  const endings = makeEndings({ ...settings, end: async (id) => (id === 1 ? refused() : written.push(id)) });
  void endings.add(1, ms(0));
  await endings.add(2, ms(0));
  expect(written).toEqual([2]);
  await endings.close(1_000);
});

test("close tries once more, then releases who waits, within its time", async () => {
  const attempts: number[] = [];
  const never = Promise.withResolvers<void>();
  const endings = makeEndings({
    ...settings,
    firstRetryMs: 60_000,
    end: (id) => {
      attempts.push(id);
      return id === 2 && attempts.length > 2 ? never.promise : away();
    },
  });
  const waiting = [endings.add(1, ms(0)), endings.add(2, ms(0))];
  await endings.flush();
  const before = attempts.length;
  await endings.close(50);
  await Promise.all(waiting);
  expect(attempts.length).toBeGreaterThan(before);
});

test("one that is added while others are being written isn't forgotten", async () => {
  const gate = Promise.withResolvers<void>();
  const written: number[] = [];
  const end = async (id: number) => {
    if (id === 1) await gate.promise;
    written.push(id);
  };
  const endings = makeEndings({ ...settings, end });
  const first = endings.add(1, ms(0));
  const second = endings.add(2, ms(0));
  gate.resolve();
  await Promise.all([first, second]);
  expect(written).toEqual([1, 2]);
});

/** What is tidied up without anybody asking: on the bus, like every job. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startPlatform, type TestPlatform } from "../test/platform.ts";
import { startChores } from "./chores.ts";

setDefaultTimeout(60_000);

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.close());

const silent = { info: () => {}, warn: () => {}, error: () => {} };

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await what())) await Bun.sleep(5);
}

test("old keys and orphans of pictures go when their job is done", async () => {
  const { bus, uploadsDir, database } = platform;
  const { db, sql } = database;
  const user = await platform.makeUser();
  await sql`
    insert into idempotency_keys (user_id, key, fingerprint, created_at)
    values (${user.id}, 'old', 'f', now() - interval '25 hours'), (${user.id}, 'new', 'f', now())`;
  mkdirSync(uploadsDir, { recursive: true });
  const orphan = join(uploadsDir, "oooooooooooooooooooooo.webp");
  writeFileSync(orphan, "x");
  utimesSync(orphan, new Date(0), new Date(0));
  await startChores({ db, bus, uploadsDir }, silent);
  await bus.jobs.add("idempotency.forget", "");
  await bus.jobs.add("pictures.sweep", "");
  await until(() => !existsSync(orphan));
  const keys = () => sql<{ key: string }[]>`select key from idempotency_keys`;
  await until(async () => (await keys()).length === 1);
  expect((await keys()).map(({ key }) => key)).toEqual(["new"]);
});

test("a bus that takes no jobs stops no start", async () => {
  const other = await startPlatform();
  await other.bus.close();
  const told: unknown[] = [];
  const log = { ...silent, warn: (...words: unknown[]) => told.push(words) };
  await startChores({ db: other.database.db, bus: other.bus, uploadsDir: other.uploadsDir }, log);
  expect(told.length).toBe(6);
  await other.close();
});

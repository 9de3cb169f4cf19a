import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { migrate } from "./migrate.ts";
import { openScratchDatabase, type ScratchDatabase } from "./scratch.ts";

setDefaultTimeout(60_000);

const ALL = readdirSync(join(import.meta.dir, "..", "migrations")).filter((name) => name.endsWith(".sql")).length;

let handle: ScratchDatabase;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());

const startOver = () =>
  handle.sql.unsafe("drop schema public cascade; drop schema if exists drizzle cascade; create schema public");

test("says how many migrations it applied; the second time none", async () => {
  await startOver();
  expect(await migrate(handle)).toBe(ALL);
  expect(await migrate(handle)).toBe(0);
});

test("several at once: each is applied once", async () => {
  await startOver();
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(handle)));
  expect(applied.sort()).toEqual([0, 0, 0, 0, ALL]);
  expect([...(await handle.sql`select count(*)::int as n from drizzle.__drizzle_migrations`)]).toEqual([{ n: ALL }]);
});

test("a migration that fails leaves nothing behind and is said", async () => {
  await startOver();
  await handle.sql`create table streams (mine int)`;
  await expect(migrate(handle)).rejects.toMatchObject({ code: "database.migration-failed", sqlState: "42P07" });
  await expect(migrate(handle)).rejects.toThrow("rolled back");
  expect([...(await handle.sql`select to_regclass('users') as users`)]).toEqual([{ users: null }]);
});

test("a database of a newer version is left alone", async () => {
  await startOver();
  await migrate(handle);
  await handle.sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('future', 9999999999999)`;
  await expect(migrate(handle)).rejects.toMatchObject({ code: "database.schema-newer" });
});

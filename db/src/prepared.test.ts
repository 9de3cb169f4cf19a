import { afterAll, afterEach, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { sql } from "drizzle-orm";
import { type Database, makeDatabase, type Sql } from "./connect.ts";
import { openScratchDatabase, type ScratchDatabase } from "./scratch.ts";

setDefaultTimeout(60_000);

let handle: ScratchDatabase;
let client: Sql;
let db: Database;
beforeAll(async () => {
  handle = await openScratchDatabase();
});
afterAll(() => handle.close());
beforeEach(() => {
  // One connection, so that what it has prepared can be asked for.
  client = handle.connect(1);
  db = makeDatabase(client);
});
afterEach(() => client.end({ timeout: 1 }));

const sum = (tx: Database, a: number) => tx.execute(sql`select ${a}::int + ${2}::int as sum`);
/** Texts that drizzle had prepared; the driver prepares its own, which this question is one of. */
async function prepared(): Promise<string[]> {
  const rows = await client<{ statement: string }[]>`
    select statement from pg_prepared_statements where statement like '%sum%' and statement not like '%pg_prepared%'`;
  return rows.map(({ statement }) => statement);
}

test("a text that comes again is prepared, one that comes once is not", async () => {
  expect([...(await sum(db, 1))]).toEqual([{ sum: 3 }]);
  expect(await prepared()).toEqual([]);
  for (const a of [2, 3, 4]) expect([...(await sum(db, a))]).toEqual([{ sum: a + 2 }]);
  expect(await prepared()).toEqual(["select $1::int + $2::int as sum"]);
});

test("inside transactions and their savepoints too; what is rolled back is", async () => {
  await handle.sql`create table sums (sum int)`;
  const add = (tx: Database, value: number) => tx.execute(sql`insert into sums (sum) values (${value})`);
  await db.transaction(async (tx) => {
    await add(tx, 1);
    await tx
      .transaction(async (inner) => {
        await add(inner, 2);
        throw new Error("back");
      })
      .catch(() => {});
    await add(tx, 3);
  });
  expect(await handle.sql`select sum from sums order by sum`.values()).toEqual([[1], [3]] as never);
  expect(await prepared()).toHaveLength(1);
});

test("a prepared query goes on when its table changes", async () => {
  await handle.sql`create table changing (sum int)`;
  const all = (tx: Database) => tx.execute(sql`select * from changing where sum > ${0}`);
  await handle.sql`insert into changing values (1)`;
  for (let turn = 0; turn < 3; turn++) await all(db);
  await handle.sql`alter table changing add column more int default 5`;
  expect([...(await all(db))]).toEqual([{ sum: 1, more: 5 }]);
});

test("lists of every length stay bounded", async () => {
  const list = (length: number) =>
    sql.join(
      Array.from({ length }, (_, at) => sql`${at}::int`),
      sql`, `,
    );
  for (let length = 1; length <= 40; length++) {
    for (let turn = 0; turn < 2; turn++) await db.execute(sql`select 'sum' where 1 in (${list(length)})`);
  }
  const found = await prepared();
  expect(found).toHaveLength(24);
  for (let text = 0; text < 600; text++) {
    for (let turn = 0; turn < 2; turn++) await db.execute(sql`${sql.raw(`select 'sum ${text}'`)} where 1 = ${1}::int`);
  }
  expect(await prepared()).toHaveLength(500);
});

/** A dump of one database fills another: every row of every table, whatever its text, and sequences that go on. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { migrate, newestMigration } from "../migrate.ts";
import { emptyTables, openScratchDatabase, type ScratchDatabase } from "../scratch.ts";
import { type DumpHead, withSnapshot } from "./dump.ts";
import { isEmptyDatabase, loadDatabase } from "./load.ts";

setDefaultTimeout(120_000);

let from: ScratchDatabase;
let to: ScratchDatabase;
beforeAll(async () => {
  [from, to] = await Promise.all([openScratchDatabase(), openScratchDatabase()]);
});
afterAll(async () => {
  await from.close();
  await to.close();
});

interface Dump {
  readonly head: DumpHead;
  readonly pieces: readonly { readonly table: string; readonly bytes: Uint8Array }[];
}

const dump = (database: ScratchDatabase): Promise<Dump> =>
  withSnapshot(database, async ({ head, rows }) => {
    const pieces: { table: string; bytes: Uint8Array }[] = [];
    for (const table of head.tables)
      for await (const bytes of rows(table)) pieces.push({ table: table.name, bytes: new Uint8Array(bytes) });
    return { head, pieces };
  });

/** Through a handle that the servers' name does not hold, as the command does it. */
async function load({ head, pieces }: Dump): Promise<void> {
  const sql = to.connect(1);
  try {
    // The scratch handle's own connections would be those of a server.
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    await loadDatabase({ sql, connect: to.connect }, head, async ({ rows }) => {
      for (const { table, bytes } of pieces) await rows(table, bytes);
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function contents(database: ScratchDatabase): Promise<Record<string, unknown[]>> {
  const tables = await database.sql<
    { name: string }[]
  >`select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`;
  const found: Record<string, unknown[]> = {};
  for (const { name } of tables)
    found[name] = [...(await database.sql.unsafe(`select to_jsonb(t) as row from "${name}" t order by 1`))];
  return found;
}

/** Anything but NUL, which PostgreSQL has no place for, and halves of characters. */
const text = fc.string({ unit: "grapheme", maxLength: 40 }).filter((value) => !value.includes("\0"));

test("whatever text lies in rows, all of it arrives, and new rows get new numbers", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 12 }), async (titles) => {
      await emptyTables(from);
      await from.sql`insert into users (username, email, hashed_password) values ('ada', 'ada@example.org', 'x')`;
      for (const [index, title] of titles.entries())
        await from.sql`insert into channels (user_id, slug, title, description, stream_key)
          values ((select id from users), ${`channel-${index}`}, 'T', ${title}, ${`k${index}`})`;
      await load(await dump(from));
      expect(await contents(to)).toEqual(await contents(from));
      const [added] = await to.sql<{ id: number; most: number }[]>`
        insert into channels (user_id, slug, title, stream_key) values ((select id from users), 'new', 'T', 'kn')
        returning id, (select max(id) from channels) as most`;
      expect(added!.id).toBeGreaterThan(added!.most);
    }),
    { numRuns: 6 },
  );
});

test("rows of an older release are loaded into its schema and brought up to date", async () => {
  await emptyTables(from);
  await from.sql`insert into users (username, email, hashed_password) values ('ada', 'ada@example.org', 'x')`;
  const now = await dump(from);
  // As if a release with one migration less had written it; its last migration only added a table.
  const journal = (await import("../../migrations/meta/_journal.json")).default;
  const before = journal.entries.at(-2)!.when;
  const added = await newTables(before);
  const old = {
    head: { ...now.head, migration: before, tables: now.head.tables.filter(({ name }) => !added.includes(name)) },
    pieces: now.pieces.filter(({ table }) => !added.includes(table)),
  };
  await load(old);
  expect(await migrate(to)).toBe(1);
  // `emptyTables` took the documents away, which a start adds where they are missing.
  const { documents, document_versions, ...rest } = await contents(from);
  expect(await contents(to)).toMatchObject(rest);
});

/** Tables that a database of that migration has not. */
async function newTables(migration: number): Promise<string[]> {
  const documents = { name: "documents", columns: ["id"] };
  await load({ head: { migration, tables: [documents], sequences: [] }, pieces: [] });
  const has = Object.keys(await contents(to));
  return Object.keys(await contents(from)).filter((name) => !has.includes(name));
}

test("rows that are refused leave no half: the error says which table", async () => {
  const whole = await dump(from);
  const users = whole.pieces.find(({ table }) => table === "users")!;
  const broken = { ...users, bytes: Buffer.concat([users.bytes, Buffer.from("not\ta\trow\n")]) };
  await expect(
    load({ ...whole, pieces: whole.pieces.map((piece) => (piece === users ? broken : piece)) }),
  ).rejects.toThrow("users");
  expect(await isEmptyDatabase(to)).toBe(true);
  await load(whole);
  expect(await isEmptyDatabase(to)).toBe(false);
});

test("a dump of a newer release is refused, and so is a database that a server uses; nothing is touched", async () => {
  const whole = await dump(from);
  await load(whole);
  const before = await contents(to);
  await expect(load({ ...whole, head: { ...whole.head, migration: newestMigration() + 1 } })).rejects.toMatchObject({
    code: "database.schema-newer",
  });
  const server = to.connect(1);
  await server`select 1`;
  const own = to.connect(1);
  await expect(loadDatabase({ sql: own, connect: to.connect }, whole.head, async () => {})).rejects.toMatchObject({
    code: "database.in-use",
  });
  await Promise.all([own.end(), server.end()]);
  expect(await contents(to)).toEqual(before);
});

test("a dump is of one moment, whatever is written meanwhile", async () => {
  await emptyTables(from);
  const seen = await withSnapshot(from, async ({ head, rows }) => {
    await from.sql`insert into users (username, email, hashed_password) values ('later', 'later@example.org', 'x')`;
    let bytes = 0;
    for await (const piece of rows(head.tables.find(({ name }) => name === "users")!)) bytes += piece.length;
    return bytes;
  });
  expect(seen).toBe(0);
});

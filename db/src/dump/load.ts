/** Fills a database from a dump: the tables of its migration, the rows, then the migrations that came since. */
import type { Writable } from "node:stream";
import { getTableName, is, Table } from "drizzle-orm";
import type { Sql } from "../connect.ts";
import { asDatabaseError, DatabaseError, errorCode } from "../database-error.ts";
import { migrateTo, newestMigration } from "../migrate.ts";
import type { DatabaseHandle } from "../open.ts";
import * as schema from "../schema/index.ts";
import { type DumpHead, quoted } from "./dump.ts";

export interface Load {
  /** The next piece of a table's COPY text; the tables come one after the other. */
  rows(table: string, bytes: Uint8Array): Promise<void>;
}

/** Names that the processes of a platform give their connections, and that of the process that loads. */
const SERVERS = "streamhub";
const LOADER = "streamhub-restore";
/** SQLSTATE of every statement after one that failed. */
const ABORTED = "25P02";

/** Whether StreamHub's schema, of whatever release, is there. */
export async function hasTables({ sql }: Pick<DatabaseHandle, "sql">): Promise<boolean> {
  const [there] = await sql<{ users: boolean }[]>`select to_regclass('public.users') is not null as users`;
  return there?.users === true;
}

/** Whether there is anything that a load would overwrite. */
export async function isEmptyDatabase(handle: Pick<DatabaseHandle, "sql">): Promise<boolean> {
  if (!(await hasTables(handle))) return true;
  const [row] = await handle.sql<{ used: boolean }[]>`
    select exists (select from users) or exists (select from channels) or exists (select from streams) as used`;
  return row?.used !== true;
}

/**
 * Replaces everything that is in StreamHub's tables. `feed` hands the rows over; what it throws leaves the tables as they were, empty or not.
 * The schema is the dump's afterwards: `migrate` comes next. `handle` must have been opened with one connection.
 * Throws `database.schema-newer` for a dump of a newer release, `database.in-use` while a server is connected.
 */
export async function loadDatabase(
  handle: Pick<DatabaseHandle, "sql" | "connect">,
  head: DumpHead,
  feed: (load: Load) => Promise<void>,
): Promise<void> {
  if (head.migration > newestMigration()) {
    throw new DatabaseError(
      "database.schema-newer",
      "The backup was made by a newer StreamHub than this one. Restore it with that version or a newer one.",
    );
  }
  const { sql } = handle;
  await sql`select set_config('application_name', ${LOADER}, false)`;
  await refuseWhileInUse(sql);
  await dropOurs(sql, head);
  await migrateTo(handle, head.migration);
  try {
    await sql.begin(async (tx) => {
      await tx`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`;
      await fill(tx as unknown as Sql, head, feed);
    });
  } catch (error) {
    throw error instanceof Error && error.name === "PostgresError" ? asDatabaseError(error) : error;
  }
}

async function refuseWhileInUse(sql: Sql): Promise<void> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name = ${SERVERS}`;
  if ((row?.count ?? 0) > 0) {
    throw new DatabaseError(
      "database.in-use",
      "A StreamHub is connected to this database. Stop every server that uses it, then restore.",
    );
  }
}

/** Our tables alone: others may lie in the same schema of an outside database. */
async function dropOurs(sql: Sql, head: DumpHead): Promise<void> {
  const ours = Object.values(schema).flatMap((value) => (is(value, Table) ? [getTableName(value)] : []));
  const names = [...new Set([...ours, ...head.tables.map(({ name }) => name)])];
  await sql.unsafe(`drop table if exists ${names.map((name) => `public.${quoted(name)}`).join(", ")} cascade`);
  await sql.unsafe("drop schema if exists drizzle cascade");
}

async function fill(sql: Sql, head: DumpHead, feed: (load: Load) => Promise<void>): Promise<void> {
  // Rows come table by table, in the order of names: what they refer to may come later.
  const keys = await sql<{ relation: string; name: string; definition: string }[]>`
    select conrelid::regclass::text as relation, conname as name, pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`;
  for (const { relation, name } of keys) await sql.unsafe(`alter table ${relation} drop constraint ${quoted(name)}`);
  // Migrations put rows in, too.
  await sql.unsafe(`truncate ${head.tables.map(({ name }) => `public.${quoted(name)}`).join(", ")}`);
  const copy = makeCopies(sql, head);
  try {
    await feed(copy);
    await copy.end();
  } catch (error) {
    copy.abort();
    throw error;
  }
  for (const { name, value } of head.sequences) {
    await sql`select setval(${`public.${quoted(name)}`}::regclass, ${value}::bigint)`;
  }
  for (const { relation, name, definition } of keys) {
    await sql.unsafe(`alter table ${relation} add constraint ${quoted(name)} ${definition}`);
  }
}

/** One COPY at a time; another table ends the one before. */
function makeCopies(sql: Sql, head: DumpHead): Load & { end(): Promise<void>; abort(): void } {
  let current: { readonly table: string; readonly target: Writable } | null = null;

  async function end(): Promise<void> {
    if (current === null) return;
    const { table, target } = current;
    current = null;
    target.end();
    // The driver says of a refused COPY nothing: its transaction does. CopyDone goes out before the next statement.
    await new Promise(setImmediate);
    try {
      await sql`select 1`;
    } catch (error) {
      if (errorCode(error) !== ABORTED) throw error;
      throw new DatabaseError("database.failed", `The rows of table ${table} are refused: the backup is damaged.`);
    }
  }

  async function begin(table: string): Promise<Writable> {
    const found = head.tables.find(({ name }) => name === table);
    if (found === undefined) throw new DatabaseError("database.failed", `The backup's head has no table ${table}.`);
    const columns = found.columns.map(quoted).join(", ");
    const target = await sql.unsafe(`copy public.${quoted(table)} (${columns}) from stdin`).writable();
    // What breaks is told by the write that meets it; a stream without a listener would end the process.
    target.on("error", () => {});
    return target;
  }

  return {
    async rows(table, bytes) {
      if (current?.table !== table) {
        await end();
        current = { table, target: await begin(table) };
      }
      const { target } = current;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      target.write(bytes, (error) => (error ? reject(error) : resolve()));
      await promise;
    },
    end,
    abort() {
      current?.target.destroy(new Error("given up"));
      current = null;
    },
  };
}

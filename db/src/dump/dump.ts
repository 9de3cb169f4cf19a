/**
 * The database as a stream of COPY text, for a backup: all tables as they are at one moment, while others write. Rows only: the schema is that
 * of the migrations, whose version goes with it.
 */
import type { Sql } from "../connect.ts";
import { asDatabaseError } from "../database-error.ts";
import { applied } from "../migrate.ts";
import type { DatabaseHandle } from "../open.ts";

export interface DumpedTable {
  readonly name: string;
  /** In the order of its COPY text; without those that the database computes. */
  readonly columns: readonly string[];
}

/** What must be known to load a dump. */
export interface DumpHead {
  /** `when` of the newest migration that the database has, Unix milliseconds. */
  readonly migration: number;
  readonly tables: readonly DumpedTable[];
  readonly sequences: readonly { readonly name: string; readonly value: string }[];
}

export interface Snapshot {
  readonly head: DumpHead;
  /** Streams that have a recording, or whose recording grows. */
  readonly recorded: readonly number[];
  /** COPY text of one table, in pieces as they come from the server. */
  rows(table: DumpedTable): AsyncIterable<Uint8Array>;
}

/** Runs `use` with one snapshot of the database; it is gone afterwards. Throws DatabaseError. */
export async function withSnapshot<T>(
  handle: Pick<DatabaseHandle, "connect">,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const sql = handle.connect(1);
  try {
    return (await sql.begin("isolation level repeatable read read only", async (tx) => {
      // A table of views takes longer than any request may; who writes the backup down may be slow.
      await tx`select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)`;
      const head = await headOf(tx as unknown as Sql);
      const recorded = await tx<{ id: number }[]>`select stream_id as id from recordings order by stream_id`;
      return await use({
        head,
        recorded: recorded.map(({ id }) => id),
        async *rows({ name, columns }) {
          const list = columns.map(quoted).join(", ");
          yield* (await tx.unsafe(`copy ${quoted(name)} (${list}) to stdout`).readable()) as AsyncIterable<Uint8Array>;
        },
      });
    })) as T;
  } catch (error) {
    throw isOfTheDatabase(error) ? asDatabaseError(error) : error;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** What `use` throws for reasons of its own passes through. */
const isOfTheDatabase = (error: unknown): boolean => error instanceof Error && error.name === "PostgresError";

/** Names come from the catalogue, never from outside. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function headOf(sql: Sql): Promise<DumpHead> {
  const { latest } = await applied(sql);
  const tables = await sql<{ name: string; columns: string[] }[]>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname order by c.relname`;
  const sequences = await sql<{ name: string; value: string }[]>`
    select sequencename as name, last_value::text as value from pg_sequences
    where schemaname = 'public' and last_value is not null order by sequencename`;
  return {
    migration: latest,
    tables: tables.map(({ name, columns }) => ({ name, columns })),
    sequences: sequences.map(({ name, value }) => ({ name, value })),
  };
}

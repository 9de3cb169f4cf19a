import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import type { Sql } from "./connect.ts";
import { asDatabaseError, DatabaseError } from "./database-error.ts";
import type { DatabaseHandle } from "./open.ts";
import { ensureDocuments } from "./queries/documents.ts";
import * as schema from "./schema/index.ts";
import { shippedDocuments } from "./shipped-documents.ts";

const FOLDER = join(import.meta.dir, "..", "migrations");
/** Any number does, as long as nobody else in this database uses it: "streamhub" in base 36, cut to 31 bits. */
const LOCK = 1_437_226_113;
const LOCK_TIMEOUT_MS = 60_000;

/**
 * Brings the schema up to date, adds the documents that are missing, and returns how many migrations that took (0: it was). Several processes may call it at once: one
 * applies, the others wait for it and find nothing to do. Throws `database.schema-newer` when the database knows migrations that this
 * version doesn't, and `database.migration-failed` when one fails; it is rolled back then.
 */
export async function migrate(handle: Pick<DatabaseHandle, "connect">): Promise<number> {
  // One connection: the lock is the session's, and the migrations must run in that session.
  const sql = handle.connect(1);
  try {
    await sql`select set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, false), set_config('statement_timeout', '0', false)`;
    await sql`select pg_advisory_lock(${LOCK}::bigint)`;
    const known = readMigrationFiles({ migrationsFolder: FOLDER });
    const before = await applied(sql);
    if (before.latest > (known.at(-1)?.folderMillis ?? 0)) {
      throw new DatabaseError(
        "database.schema-newer",
        "The database was migrated by a newer StreamHub than this one. Start the newer version, or restore the backup that was made before the upgrade.",
      );
    }
    await applyMigrations(drizzle(sql), { migrationsFolder: FOLDER });
    await ensureDocuments(drizzle(sql, { schema }), shippedDocuments());
    const after = await applied(sql);
    return after.count - before.count;
  } catch (error) {
    const said = asDatabaseError(error);
    if (said.code !== "database.failed") throw said;
    throw new DatabaseError(
      "database.migration-failed",
      `A migration of the database failed and was rolled back (SQLSTATE ${said.sqlState ?? "unknown"}). The user of DATABASE_URL must own the database.`,
      said.sqlState === undefined ? {} : { sqlState: said.sqlState },
    );
  } finally {
    // Ends the session and with it the lock.
    await sql.end({ timeout: 5 });
  }
}

/** `when` of the newest migration that this version has. */
export const newestMigration = (): number => readMigrationFiles({ migrationsFolder: FOLDER }).at(-1)?.folderMillis ?? 0;

/** The schema as it was with the migration of that time, in a database that has none: what rows of an older backup fit into. */
export async function migrateTo(handle: Pick<DatabaseHandle, "connect">, latest: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-migrations-"));
  const sql = handle.connect(1);
  try {
    const journal = JSON.parse(readFileSync(join(FOLDER, "meta", "_journal.json"), "utf8")) as Journal;
    const entries = journal.entries.filter(({ when }) => when <= latest);
    mkdirSync(join(folder, "meta"));
    writeFileSync(join(folder, "meta", "_journal.json"), JSON.stringify({ ...journal, entries }));
    for (const { tag } of entries) copyFileSync(join(FOLDER, `${tag}.sql`), join(folder, `${tag}.sql`));
    await sql`select set_config('statement_timeout', '0', false)`;
    await applyMigrations(drizzle(sql), { migrationsFolder: folder });
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    await sql.end({ timeout: 5 });
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Journal {
  readonly entries: readonly { readonly when: number; readonly tag: string }[];
}

export async function applied(sql: Sql): Promise<{ count: number; latest: number }> {
  const [table] = await sql<
    { exists: boolean }[]
  >`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`;
  if (!table?.exists) return { count: 0, latest: 0 };
  const [row] = await sql<{ count: number; latest: string | null }[]>`
    select count(*)::int as count, max(created_at)::text as latest from drizzle.__drizzle_migrations`;
  return { count: row?.count ?? 0, latest: Number(row?.latest ?? 0) };
}

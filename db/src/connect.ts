/** The one place where the driver is set up: the same for the outside and for the embedded database. */
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { DatabaseError, driverError, errorCode } from "./database-error.ts";
import { withPreparedStatements } from "./prepared.ts";
import * as schema from "./schema/index.ts";

export type Sql = postgres.Sql;
/** What every query takes first: a drizzle database, or a transaction of it. */
export type Database = Pick<
  PostgresJsDatabase<typeof schema>,
  "select" | "selectDistinct" | "insert" | "update" | "delete" | "execute" | "transaction"
>;

/** Makes a client with at most `max` connections; it connects at the first query. */
export type Connect = (max: number) => Sql;

export const CONNECT_TIMEOUT_S = 10;

export const clientOptions = {
  connect_timeout: CONNECT_TIMEOUT_S,
  // Seconds. The driver's own waits grow to 20: a broadcast should not wait for so long once the database is back.
  backoff: (attempt: number) => Math.min(0.05 * 2 ** attempt, 1),
  // Notices ("relation already exists, skipping") are no news.
  onnotice: () => {},
  connection: {
    application_name: "streamhub",
    // Bounds what a query can wait for, wherever it comes from; migrations lift it for themselves.
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
  },
} satisfies postgres.Options<Record<string, never>>;

export const makeDatabase = (sql: Sql) => drizzle(withPreparedStatements(sql), { schema });

const OLDEST_SERVER = 140_000;

/** Reads the URL of an outside database. Throws `database.bad-url`; the message repeats nothing of the URL, as it holds a password. */
export function parseDatabaseUrl(text: string): URL {
  const hint = "Write it as postgres://USER:PASSWORD@HOST:5432/DATABASE.";
  if (!URL.canParse(text)) throw new DatabaseError("database.bad-url", `DATABASE_URL is not a URL. ${hint}`);
  const url = new URL(text);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw new DatabaseError("database.bad-url", `DATABASE_URL must begin with postgres://. ${hint}`);
  }
  if (url.pathname.length < 2) throw new DatabaseError("database.bad-url", `DATABASE_URL names no database. ${hint}`);
  return url;
}

export function withoutPassword(url: URL): string {
  const shown = new URL(url);
  shown.password = "";
  shown.search = "";
  return shown.href;
}

/** Asks the server for its version, so that a wrong address, login or database is told at once. `where` is shown to people. */
export async function checkServer(sql: Sql, where: string): Promise<void> {
  try {
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version_num') as version`;
    if (Number(row?.version) < OLDEST_SERVER) {
      throw new DatabaseError(
        "database.too-old",
        `The PostgreSQL at ${where} is older than 14; StreamHub needs 14 or newer.`,
      );
    }
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    const cause = driverError(error);
    const code = errorCode(cause);
    if (code === "28P01" || code === "28000") {
      throw new DatabaseError("database.login-refused", `PostgreSQL at ${where} refuses the user or the password.`, {
        sqlState: code,
      });
    }
    if (code === "3D000") {
      throw new DatabaseError("database.missing", `There is no such database at ${where}; create it with createdb.`, {
        sqlState: code,
      });
    }
    throw new DatabaseError(
      "database.unreachable",
      `No PostgreSQL answers at ${where} (${code === "" ? "no answer" : code}). Check host, port and that the server runs.`,
    );
  }
}

import postgres from "postgres";
import {
  type Connect,
  checkServer,
  clientOptions,
  type Database,
  makeDatabase,
  parseDatabaseUrl,
  type Sql,
  withoutPassword,
} from "./connect.ts";
import { asDatabaseError, DatabaseError, errorCode } from "./database-error.ts";
import { openEmbedded } from "./embedded/embedded.ts";
import type { Log } from "./log.ts";

export interface OpenOptions {
  /** Outside PostgreSQL, `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. Without it, the embedded one in `dataDir`. */
  readonly url?: string | undefined;
  readonly dataDir: string;
  readonly log: Log;
  /** Connections at most. */
  readonly maxConnections?: number;
  /** Embedded only: seconds that the server outlives its last owner when that was killed, for a restart to find it running. */
  readonly graceSeconds?: number;
  /**
   * Embedded and root only, default `/var/lib/streamhub`: PostgreSQL refuses to run as root, and what its user can't reach where it is
   * (a DATA_DIR or checkout below a folder of mode 700) goes here.
   */
  readonly systemFolder?: string;
}

export interface DatabaseHandle {
  /** What the functions in `queries` take first. */
  readonly db: Database;
  /** The driver's client below `db`. */
  readonly sql: Sql;
  /** For diagnostics: no password in it. */
  readonly url: string;
  readonly kind: "outside" | "embedded";
  /** Another client of the same database. Whoever makes one ends it. */
  readonly connect: Connect;
  /** Ends the connections; the embedded server stops when its last handle, in whatever process, closes. Idempotent and bounded. */
  close(): Promise<void>;
}

const END_TIMEOUT_S = 5;
const MAX_CONNECTIONS = 10;

/** Opens the database, ready for queries; `migrate` comes next. Throws `DatabaseError` with a sentence that says what to do. */
export async function openDatabase(options: OpenOptions): Promise<DatabaseHandle> {
  return options.url === undefined || options.url === "" ? openInside(options) : openOutside(options, options.url);
}

async function openOutside(options: OpenOptions, text: string): Promise<DatabaseHandle> {
  const url = parseDatabaseUrl(text);
  const connect: Connect = (max) => postgres(text, { ...clientOptions, max });
  const sql = connect(options.maxConnections ?? MAX_CONNECTIONS);
  const shown = withoutPassword(url);
  try {
    await checkServer(sql, shown);
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
  const close = async () => sql.end({ timeout: END_TIMEOUT_S });
  return { db: makeDatabase(sql), sql, url: shown, kind: "outside", connect, close };
}

async function openInside(options: OpenOptions): Promise<DatabaseHandle> {
  const embedded = await openEmbedded({
    dataDir: options.dataDir,
    graceSeconds: options.graceSeconds ?? 10,
    systemFolder: options.systemFolder ?? "/var/lib/streamhub",
    log: options.log,
  }).catch((error: unknown) => {
    throw asOpenError(error, options.dataDir);
  });
  const { connect, url } = embedded;
  const sql = connect(options.maxConnections ?? MAX_CONNECTIONS);
  const close = async () => {
    await sql.end({ timeout: END_TIMEOUT_S });
    await embedded.release();
  };
  return { db: makeDatabase(sql), sql, url, kind: "embedded", connect, close };
}

/** Of the file system's errors on the way, these are the ones that a person can mend. */
function asOpenError(error: unknown, dataDir: string): unknown {
  const code = errorCode(error);
  if (/^(EACCES|EPERM|EROFS|SQLITE_(CANTOPEN|READONLY|PERM))/.test(code)) {
    return new DatabaseError(
      "database.permission",
      `This user may not write in ${dataDir} (${code}). Start StreamHub as the user that owns this folder, or set DATA_DIR to another one.`,
    );
  }
  if (/^(ENOSPC|EDQUOT|SQLITE_FULL)/.test(code)) {
    return new DatabaseError("database.no-space", `There is no space left for the database in ${dataDir} (${code}).`);
  }
  return asDatabaseError(error);
}

import postgres from "postgres";

export type DatabaseErrorCode =
  // Opening an outside database
  | "database.bad-url"
  | "database.unreachable"
  | "database.login-refused"
  | "database.missing"
  | "database.too-old"
  // Opening the embedded one
  | "database.no-binaries"
  | "database.no-server-user"
  | "database.permission"
  | "database.no-space"
  | "database.folder-copied"
  | "database.folder-busy"
  | "database.version-mismatch"
  | "database.init-failed"
  | "database.start-failed"
  // Migrations
  | "database.schema-newer"
  | "database.migration-failed"
  // Restoring
  | "database.in-use"
  // Queries
  | "database.username-taken"
  | "database.email-taken"
  | "database.slug-taken"
  | "database.stream-key-taken"
  | "database.stream-key-unreadable"
  | "database.too-many-channels"
  | "database.too-many-streams"
  | "database.no-such-user"
  | "database.last-admin"
  | "database.no-such-channel"
  | "database.channel-owned"
  | "database.bad-cursor"
  | "database.document-changed"
  | "database.constraint"
  | "database.unavailable"
  | "database.failed";

/**
 * Everything that this package throws. `message` is a sentence that says what happened and what to do; it never holds a query's
 * parameters, a password or a key, and neither does any other property (drivers' errors do, so they are not kept as `cause`).
 */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly code: DatabaseErrorCode;
  /** SQLSTATE, when PostgreSQL answered with one. */
  readonly sqlState: string | undefined;
  /** Name of the violated constraint or index, if any. */
  readonly constraint: string | undefined;

  constructor(code: DatabaseErrorCode, message: string, details: { sqlState?: string; constraint?: string } = {}) {
    super(message);
    this.code = code;
    this.sqlState = details.sqlState;
    this.constraint = details.constraint;
  }
}

const TAKEN: Record<string, [DatabaseErrorCode, string]> = {
  users_username_unique: ["database.username-taken", "This username is taken; choose another one."],
  users_username_skeleton_unique: [
    "database.username-taken",
    "A username that looks like this one is taken; choose another one.",
  ],
  users_email_unique: ["database.email-taken", "This e-mail address already belongs to an account."],
  channels_slug_unique: ["database.slug-taken", "A channel with this slug exists; choose another one."],
  channels_stream_key_unique: ["database.stream-key-taken", "This stream key is in use; make a new one."],
};

/** Error codes of the driver and of sockets that mean "the server is away", not "the query is wrong". */
const AWAY =
  /^(ECONN|EPIPE|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EAI_AGAIN|ENOENT|CONNECT_TIMEOUT|CONNECTION_|08|57P0[1-5]|53300)/;

/** The error of the driver below what drizzle wrapped around it. */
export function driverError(error: unknown): unknown {
  let current = error;
  while (current instanceof Error && !(current instanceof postgres.PostgresError) && current.cause instanceof Error) {
    current = current.cause;
  }
  return current;
}

export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** Says in our words what a query's failure was, leaving out whatever could hold a secret. */
export function asDatabaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const cause = driverError(error);
  const code = errorCode(cause);
  if (AWAY.test(code)) {
    return new DatabaseError("database.unavailable", `The database cannot be reached at the moment (${code}).`, {
      sqlState: code,
    });
  }
  if (cause instanceof postgres.PostgresError) {
    const constraint = cause.constraint_name;
    const details = { sqlState: code, ...(constraint === undefined ? {} : { constraint }) };
    const taken = code === "23505" && constraint !== undefined ? TAKEN[constraint] : undefined;
    if (taken !== undefined) return new DatabaseError(taken[0], taken[1], details);
    if (code.startsWith("23")) {
      const which = constraint ?? cause.column_name ?? code;
      return new DatabaseError("database.constraint", `The database refuses this value (${which}).`, details);
    }
    return new DatabaseError("database.failed", `The database refused a query (SQLSTATE ${code}).`, details);
  }
  // A TypeError and its like is a mistake in our code: it goes up as it is, unless drizzle wrapped it together with parameters.
  if (cause === error && error instanceof Error && code === "") throw error;
  return new DatabaseError("database.failed", `A query failed${code === "" ? "" : ` (${code})`}.`);
}

/** Makes a query function throw `DatabaseError` and nothing else that the driver or drizzle throws. */
export const guarded =
  <A extends unknown[], R>(query: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    try {
      return await query(...args);
    } catch (error) {
      throw asDatabaseError(error);
    }
  };

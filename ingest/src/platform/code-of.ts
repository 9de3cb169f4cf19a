import { DatabaseError, type DatabaseErrorCode } from "@streamhub/db";

/** The stable code of whatever a query threw. The message stays out of logs: a driver's may hold a stream key. */
export const codeOf = (error: unknown): DatabaseErrorCode =>
  error instanceof DatabaseError ? error.code : "database.failed";

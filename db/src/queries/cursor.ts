/** Keyset cursors: where a page ended, so that rows that arrive in front of it move nothing. Opaque to clients. */
import { DatabaseError } from "../database-error.ts";

export interface Page<T> {
  readonly items: T[];
  /** Give it back to get the next page; null on the last one. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string | null | undefined;
}

export const MAX_LIMIT = 100;
const MAX_CURSOR_LENGTH = 100;

export const clampLimit = (limit: number): number => Math.min(Math.max(Math.trunc(limit) || 1, 1), MAX_LIMIT);

export const encodeCursor = (key: readonly number[]): string => Buffer.from(key.join(".")).toString("base64url");

/** The numbers of a cursor, exactly `count` of them; null when there is no cursor. Throws `database.bad-cursor`. */
export function decodeCursor(cursor: string | null | undefined, count: number): number[] | null {
  if (cursor === null || cursor === undefined || cursor === "") return null;
  const text = cursor.length > MAX_CURSOR_LENGTH ? "" : Buffer.from(cursor, "base64url").toString("latin1");
  const key = text.split(".").map((part) => (/^-?\d{1,16}$/.test(part) ? Number(part) : Number.NaN));
  // Dates end at ±8.64e15 ms, integer ids at 2^31 - 1.
  const valid =
    key.length === count && key.every((part) => Math.abs(part) <= 8.64e15) && Math.abs(key.at(-1) ?? 0) < 2 ** 31;
  if (!valid)
    throw new DatabaseError(
      "database.bad-cursor",
      "This cursor is not one that a list returned; start from the first page.",
    );
  return key;
}

/** Cuts `limit + 1` fetched rows into a page; `keyOf` gives the numbers of a row that the next page starts after. */
export function toPage<T>(rows: T[], limit: number, keyOf: (row: T) => number[]): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

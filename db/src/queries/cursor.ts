/** Keyset cursors: where a page ended, so that rows that arrive in front of it move nothing. Opaque to clients. */
import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
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
  if (!valid) throw badCursor();
  return key;
}

const badCursor = () =>
  new DatabaseError(
    "database.bad-cursor",
    "This cursor is not one that this list returned; start from the first page.",
  );

/** Cuts `limit + 1` fetched rows into a page; `keyOf` gives the numbers of a row that the next page starts after. */
export function toPage<T>(rows: T[], limit: number, keyOf: (row: T) => number[]): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

/** One order of a list: by a value that no row lacks, then by id. */
export interface Order {
  /** Its number in cursors: a cursor of another order is no cursor of this one. */
  readonly tag: number;
  readonly by: SQLWrapper;
  readonly kind: "time" | "number";
  readonly direction: "asc" | "desc";
}

/** PostgreSQL reads no later years from a parameter than this one. */
const LAST_TIME = Date.UTC(9999, 11, 31);

export interface Ordered {
  /** The rows behind the cursor; undefined on the first page. */
  readonly where: SQL | undefined;
  readonly orderBy: SQL;
  /** To be selected: what the cursor of a row is made of. */
  readonly sortKey: SQL<number>;
}

/** The parts of a query for one page in an order. Throws `database.bad-cursor`. */
export function ordered(
  { tag, by, kind, direction }: Order,
  id: SQLWrapper,
  cursor: string | null | undefined,
): Ordered {
  const after = decodeCursor(cursor, 3);
  // Where the database puts nulls is said although there are none: the indexes say it too.
  const nulls = sql.raw(direction === "desc" ? "desc nulls first" : "asc nulls last");
  const parts = {
    orderBy: sql`${by} ${nulls}, ${id} ${nulls}`,
    sortKey: kind === "time" ? sql<number>`(extract(epoch from ${by}) * 1000)::float8` : sql<number>`(${by})::float8`,
  };
  if (after === null) return { ...parts, where: undefined };
  const [given, value, last] = after as [number, number, number];
  if (given !== tag || (kind === "time" && (value < 0 || value > LAST_TIME))) throw badCursor();
  const start = kind === "time" ? sql`${new Date(value).toISOString()}::timestamptz` : sql`${value}::bigint`;
  const beyond = sql.raw(direction === "desc" ? "<" : ">");
  return { ...parts, where: sql`(${by}, ${id}) ${beyond} (${start}, ${last}::int)` };
}

/** Cuts rows of an order into a page and takes their sort keys away. */
export function toOrderedPage<T extends { readonly id: number; readonly sortKey: number }>(
  rows: T[],
  limit: number,
  tag: number,
): Page<Omit<T, "sortKey">> {
  const { items, nextCursor } = toPage(rows, limit, (row) => [tag, row.sortKey, row.id]);
  return { items: items.map(({ sortKey: _, ...row }) => row), nextCursor };
}

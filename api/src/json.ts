/** How a database row becomes JSON: every `Date` is an ISO 8601 string in UTC, everything else stays as it is. */
import { t } from "elysia";

export const Timestamp = t.String({ format: "date-time", examples: ["2026-11-24T16:00:00.000Z"] });

/** What `JSON.stringify` makes of a row, as a type: a column that is added to a row shows up here by itself. */
export type Json<T> = T extends Date
  ? string
  : T extends readonly (infer U)[]
    ? Json<U>[]
    : T extends object
      ? { [K in keyof T]: Json<T[K]> }
      : T;

export function toJson<T>(value: T): Json<T> {
  return convert(value) as Json<T>;
}

function convert(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(convert);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, convert(inner)]));
}

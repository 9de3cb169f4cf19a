/** How a database row becomes JSON: every `Date` is an ISO 8601 string in UTC, everything else stays as it is. */
import type { TDate, TNull, TObject, TProperties, TSchema, TString, TUnion } from "@sinclair/typebox";
import { t } from "elysia";

const Timestamp = t.String({ format: "date-time", examples: ["2026-11-24T16:00:00.000Z"] });

type JsonProperty<S extends TSchema> = S extends TDate
  ? TString
  : S extends TUnion<[TDate, TNull]>
    ? TUnion<[TString, TNull]>
    : S;

/** The schema of a row's JSON, made from the schema of the row: columns are declared once, in the table. */
export function jsonSchema<P extends TProperties>(row: TObject<P>): TObject<{ [K in keyof P]: JsonProperty<P[K]> }> {
  const properties = Object.fromEntries(
    Object.entries(row.properties).map(([name, schema]) => [name, property(schema)]),
  );
  return t.Object(properties) as TObject<{ [K in keyof P]: JsonProperty<P[K]> }>;
}

function property(schema: TSchema): TSchema {
  if (schema.type === "Date") return Timestamp;
  const either: readonly TSchema[] | undefined = schema.anyOf;
  if (either?.some((option) => option.type === "Date")) return t.Union([Timestamp, t.Null()]);
  return schema;
}

/** What `toJson` makes of a value, as a type. */
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

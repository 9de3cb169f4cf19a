/** How a database row becomes JSON: every `Date` is an ISO 8601 string in UTC, everything else stays as it is. */
import {
  type IntegerOptions,
  type TDate,
  type TInteger,
  type TNull,
  type TObject,
  type TProperties,
  type TSchema,
  type TString,
  type TUnion,
  Type,
} from "@sinclair/typebox";
import { t } from "elysia";

/**
 * Of our own making, so that no answer is searched for dates that are none: a check passes over a keyword that it does not know. To the outside it is
 * a date-time (openapi/schema.ts).
 */
export const OWN_FORMAT = "x-format";
const Timestamp = t.String({ [OWN_FORMAT]: "date-time", examples: ["2026-11-24T16:00:00.000Z"] });

/**
 * A whole number of JSON. Elysia's own integer is a union with texts, as they come in addresses: an answer that has one anywhere is encoded value by
 * value before it goes out.
 */
export const WholeNumber = (options?: IntegerOptions): TInteger => Type.Integer(options);

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
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(convert);
  // A loop, because every answer goes through here.
  const converted: Record<string, unknown> = {};
  for (const key in value) converted[key] = convert((value as Record<string, unknown>)[key]);
  return converted;
}

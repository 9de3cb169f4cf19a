/** Whether a value is what a schema of the OpenAPI document says: as much of JSON Schema as that document uses. */
import type { Schema } from "../src/openapi/schema.ts";

const typeOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
};

const fitsType = (value: unknown, type: string): boolean =>
  typeOf(value) === type || (type === "number" && typeOf(value) === "integer");

/** What does not fit, by its place; empty when all does. */
export function misfits(schema: Schema, value: unknown, named: Readonly<Record<string, Schema>>, at = "$"): string[] {
  const { $ref, type, anyOf, items, properties = {}, required = [], additionalProperties } = schema;
  if ($ref !== undefined) {
    const target = named[$ref.slice($ref.lastIndexOf("/") + 1)];
    return target === undefined ? [`${at}: no schema ${$ref}`] : misfits(target, value, named, at);
  }
  if (anyOf !== undefined) {
    const each = anyOf.map((option) => misfits(option, value, named, at));
    return each.some((found) => found.length === 0) ? [] : (each[0] ?? []);
  }
  const types = type === undefined ? [] : typeof type === "string" ? [type] : type;
  if (types.length > 0 && !types.some((each) => fitsType(value, each)))
    return [`${at}: ${typeOf(value)}, not ${types}`];
  if (schema.const !== undefined && value !== schema.const) return [`${at}: not ${schema.const}`];
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at}: none of ${schema.enum}`];
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((item, index) => misfits(items, item, named, `${at}[${index}]`));
  if (typeof value === "string") return textMisfits(schema, value, at);
  if (typeof value !== "object" || value === null) return [];
  const record = value as Record<string, unknown>;
  return [
    ...required.filter((name) => !(name in record)).map((name) => `${at}.${name}: missing`),
    ...Object.entries(record).flatMap(([name, inner]) => {
      const property =
        properties[name] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
      if (property !== undefined) return misfits(property, inner, named, `${at}.${name}`);
      // What is not described is not told.
      return schema.properties === undefined ? [] : [`${at}.${name}: not described`];
    }),
  ];
}

function textMisfits({ format, maxLength, pattern }: Schema, value: string, at: string): string[] {
  if (format === "date-time" && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value))
    return [`${at}: no time in UTC`];
  if (maxLength !== undefined && value.length > maxLength) return [`${at}: longer than ${maxLength}`];
  if (pattern !== undefined && !new RegExp(pattern, "u").test(value)) return [`${at}: not as ${pattern}`];
  return [];
}

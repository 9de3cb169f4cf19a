/** A schema as a reader sees it: the shape of a value, with words beside it. Plain text; whoever shows it escapes it. */
import type { Schema } from "./schema.ts";

const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf("/") + 1);
const wordOf = (value: unknown): string => JSON.stringify(value);

function limits({ minLength, maxLength, minimum, maximum, minItems, maxItems, pattern }: Schema): string {
  const range = (low: number | undefined, high: number | undefined, unit: string) => {
    if (low === undefined && high === undefined) return [];
    if (low === undefined) return [`at most ${high}${unit}`];
    return [high === undefined ? `at least ${low}${unit}` : `${low} to ${high}${unit}`];
  };
  return [
    ...range(minLength, maxLength, " characters"),
    ...range(minimum, maximum, ""),
    ...range(minItems, maxItems, " items"),
    ...(pattern === undefined ? [] : [`as ${pattern}`]),
  ].join(", ");
}

/** `string | null`, `Channel[]`, `"public" | "private"`, or an object over several lines. */
export function shapeOf(schema: Schema, indent = ""): string {
  const { $ref, type, anyOf, items, properties, additionalProperties, format } = schema;
  if ($ref !== undefined) return nameOf($ref);
  if ("const" in schema) return wordOf(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(wordOf).join(" | ");
  if (anyOf !== undefined) return anyOf.map((option) => shapeOf(option, indent)).join(" | ");
  if (typeof type === "object") return type.map((each) => shapeOf({ ...schema, type: each }, indent)).join(" | ");
  if (type === "array") {
    const inner = shapeOf(items ?? {}, indent);
    return inner.includes(" | ") ? `(${inner})[]` : `${inner}[]`;
  }
  if (properties !== undefined && type === "object") return objectShape(schema, properties, indent);
  if (type === "object")
    return `{ [name]: ${typeof additionalProperties === "object" ? shapeOf(additionalProperties, indent) : "any"} }`;
  if (type === "string" && format !== undefined) return format;
  return typeof type === "string" ? type : "any";
}

function objectShape({ required = [] }: Schema, properties: Readonly<Record<string, Schema>>, indent: string): string {
  const within = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const words = [property.description, limits(property)]
      .filter((text) => text !== undefined && text !== "")
      .join("; ");
    const mark = required.includes(name) ? "" : "?";
    return `${within}${name}${mark}: ${shapeOf(property, within)}${words === "" ? "" : `  // ${words}`}`;
  });
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${indent}}`;
}

/** Description and limits of a parameter, as one sentence. */
export const wordsOf = (description: string | undefined, schema: Schema): string =>
  [description, limits(schema)].filter((text) => text !== undefined && text !== "").join("; ");

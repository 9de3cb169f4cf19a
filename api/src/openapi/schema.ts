/** JSON schemas as OpenAPI says them: what Elysia adds for reading texts from a URL, and our own formats, are nobody's business outside. */
import { OWN_FORMAT } from "../json.ts";

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly [OWN_FORMAT]?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  /** OpenAPI 3.0's word, beside the null that is there already. */
  readonly nullable?: boolean;
  /** Of a whole body: it may be left out. Not of JSON Schema. */
  readonly optional?: boolean;
}

const INT32 = 2 ** 31;
/** Those that JSON Schema names (2020-12 Validation §7.3); all others are rules of ours with a name. */
const FORMATS = new Set(["date-time", "date", "time", "email", "uri", "uuid", "binary", "int32"]);
/** Ours is one that is not checked in answers. */
const formatOf = (ours: string | undefined, format: string | undefined) => {
  const known = ours ?? (format !== undefined && FORMATS.has(format) ? format : undefined);
  return known === undefined ? {} : { format: known };
};
const MEANT = new Set(["integer", "numeric", "number", "boolean", "ObjectString", "ArrayString"]);

/** The form of a number, boolean, object or list that arrives as text: only what it stands for is of interest. */
const isTextForm = ({ type, format }: Schema): boolean =>
  type === "string" && format !== undefined && MEANT.has(format);

const mapValues = <T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

/** Without what is ours alone; named schemas become references. */
export function plainSchema(schema: Schema, nameOf: (schema: Schema) => string | undefined): Schema {
  const name = nameOf(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  const plain = (inner: Schema) => plainSchema(inner, nameOf);
  const {
    optional: _,
    nullable: __,
    [OWN_FORMAT]: ours,
    anyOf,
    format,
    minimum,
    maximum,
    items,
    properties,
    additionalProperties,
    patternProperties,
    ...rest
  } = schema;
  const options = anyOf?.filter((option) => !isTextForm(option));
  const alone = options?.length === 1 ? options[0] : undefined;
  if (alone !== undefined)
    return plain({ ...alone, ...("description" in rest ? { description: rest.description } : {}) } as Schema);
  if (options !== undefined && options.length > 0 && options.every((option) => option.const !== undefined))
    return { ...rest, type: "string", enum: options.map((option) => option.const) };
  const int32 = minimum === -INT32 && maximum === INT32 - 1;
  const anyKey = patternProperties === undefined ? undefined : Object.values(patternProperties)[0];
  return {
    ...rest,
    ...(int32 ? { format: "int32" } : {}),
    ...formatOf(ours, format),
    ...(minimum !== undefined && !int32 ? { minimum } : {}),
    ...(maximum !== undefined && !int32 ? { maximum } : {}),
    ...(options === undefined ? {} : { anyOf: options.map(plain) }),
    ...(items === undefined ? {} : { items: plain(items) }),
    ...(properties === undefined ? {} : { properties: mapValues(properties, plain) }),
    ...(anyKey === undefined ? {} : { additionalProperties: plain(anyKey) }),
    ...(additionalProperties === undefined
      ? {}
      : {
          additionalProperties:
            typeof additionalProperties === "boolean" ? additionalProperties : plain(additionalProperties),
        }),
  };
}

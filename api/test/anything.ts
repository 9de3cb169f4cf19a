/** Requests made of the OpenAPI document: well-formed ones, ones that are nearly so, and ones that nobody would send by mistake. */
import fc from "fast-check";
import type { Operation } from "../src/openapi/document.ts";
import type { Schema } from "../src/openapi/schema.ts";

/** Texts that break things elsewhere. */
export const NASTY = [
  "",
  " ",
  "\0",
  "a\0b",
  "\ud800",
  "\u202etxt.exe",
  "a\u200bb",
  "аdmin",
  "ＡＤＭＩＮ",
  "🏴\u{e0067}\u{e007f}",
  `e${"\u0301".repeat(60)}`,
  "' or 1=1 --",
  "'; drop table users; --",
  "\\",
  "%",
  "%%_%",
  "$" + "{7*7}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "a\r\nset-cookie: x=y",
  "__proto__",
  "constructor",
  "null",
  "undefined",
  "NaN",
  "-1",
  "0",
  "1e3",
  "2147483648",
  "99999999999999999999",
  "0x10",
  "true",
  "[]",
  "{}",
  "x".repeat(300),
  "я".repeat(6_000),
] as const;

const NUMBERS = [0, -0, -1, 1, 1.5, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 31), 1e308, 5e-324] as const;

export const anyText = fc.oneof(fc.constantFrom(...NASTY), fc.string(), fc.string({ unit: "grapheme", maxLength: 40 }));

const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  fc.constantFrom<unknown>(...NUMBERS, null, true, false, [], {}, [[]], { __proto__: null, a: 1 }),
  fc.jsonValue({ maxDepth: 3 }),
);

function textOf({ pattern, minLength = 0, maxLength = 50, format }: Schema): fc.Arbitrary<string> {
  if (format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).map((text) => text.slice(0, maxLength));
  const words = fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, 60) });
  return fc.oneof(words, fc.constantFrom("A title", "somebody", "someone@example.org", "correct horse battery"));
}

/** A value as the schema has it. `ids`: of things that exist. */
export function valueFor(schema: Schema, ids: fc.Arbitrary<number>): fc.Arbitrary<unknown> {
  const { type, anyOf, items, properties, required = [], minItems = 0, maxItems = 4 } = schema;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((option) => valueFor(option, ids)));
  if (Array.isArray(type)) return fc.oneof(...type.map((each: string) => valueFor({ ...schema, type: each }, ids)));
  if (type === "null") return fc.constant(null);
  if (type === "boolean") return fc.boolean();
  if (type === "integer") {
    const { minimum = -1_000, maximum = 100_000 } = schema;
    return fc.oneof(ids, fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: Math.min(maximum, 2 ** 31 - 1) }));
  }
  if (type === "number") return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
  if (type === "array")
    return fc.array(valueFor(items ?? {}, ids), { minLength: minItems, maxLength: Math.min(maxItems, 4) });
  if (type === "string") return textOf(schema);
  if (properties === undefined) return anyValue;
  const model = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, valueFor(each, ids)]));
  return fc.record(model, { requiredKeys: [...required] });
}

/** Of that form mostly; else with one thing wrong, or all. */
function bodyOf(schema: Schema, ids: fc.Arbitrary<number>): fc.Arbitrary<string> {
  const good = valueFor(schema, ids);
  const spoiled = fc
    .tuple(good, fc.constantFrom(...Object.keys(schema.properties ?? {}), "other", "__proto__"), anyValue)
    .map(([value, name, wrong]) => (typeof value === "object" && value !== null ? { ...value, [name]: wrong } : wrong));
  const json = fc.oneof(
    { weight: 5, arbitrary: good },
    { weight: 4, arbitrary: spoiled },
    { weight: 1, arbitrary: anyValue },
  );
  return fc.oneof(
    { weight: 12, arbitrary: json.map((value) => JSON.stringify(value) ?? "") },
    { weight: 1, arbitrary: fc.string() },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "",
        "{",
        "[".repeat(5_000),
        '{"a":'.repeat(2_000),
        '{"title":"x","title":1}',
        "\ufeff{}",
      ),
    },
  );
}

/** Of a path: encoded as it should be, or not. */
const segmentOf = (schema: Schema, ids: fc.Arbitrary<number>, names: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: schema.type === "integer" ? ids.map(String) : names },
    { weight: 2, arbitrary: valueFor(schema, ids).map((value) => encodeURIComponent(String(value).toWellFormed())) },
    { weight: 2, arbitrary: anyText.map((text) => encodeURIComponent(text.toWellFormed())) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "%",
        "%ff",
        "%00",
        "%zz",
        "%2e%2e",
        "..",
        "%2f",
        "1%20",
        "+1",
        "1;x",
        "01",
        "1.0",
        "1e0",
        "-1",
      ),
    },
  );

function queryOf({ parameters = [] }: Operation, ids: fc.Arbitrary<number>): fc.Arbitrary<string> {
  const own = parameters.filter((each) => each.in === "query");
  const pair = (name: string, schema: Schema) =>
    fc
      .oneof({ weight: 4, arbitrary: valueFor(schema, ids).map(String) }, { weight: 2, arbitrary: anyText })
      .map((value) => `${name}=${encodeURIComponent(value.toWellFormed())}`);
  const odd = fc.constantFrom(
    "",
    "&",
    "=",
    "a",
    "limit[]=1",
    "limit=1&limit=2",
    "%",
    "q=%ff",
    "__proto__=1",
    "constructor=1",
    "q[a]=1",
    "cursor=%00",
  );
  const pairs = own.map(({ name, schema, required }) =>
    fc.option(pair(name, schema), { nil: "", freq: required ? 20 : 2 }),
  );
  return fc
    .tuple(fc.tuple(...pairs), fc.option(odd, { nil: "", freq: 1 }))
    .map(([all, more]) => [...all, more].filter((part) => part !== "").join("&"));
}

/** A header can hold no more than this. */
const headerText = anyText.map((text) =>
  text
    .replace(/[^\x20-\x7e]/g, "")
    .trim()
    .slice(0, 400),
);
const headers: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    "accept-language": fc.oneof(headerText, fc.constantFrom("ru", "en;q=0.5, ru", "*", "x-klingon")),
    "if-none-match": fc.oneof(headerText, fc.constantFrom("*", 'W/"x"', '"a", "b"')),
    "accept-encoding": fc.oneof(headerText, fc.constantFrom("gzip", "br", "zstd;q=0.1, *;q=0")),
    accept: fc.oneof(headerText, fc.constantFrom("application/json", "text/html", "text/event-stream", "text/csv")),
    cookie: fc.oneof(
      headerText,
      fc.constantFrom("streamhub_access=x", "streamhub_refresh=%ff", "streamhub_viewer=a", "a=b; ; ="),
    ),
    "idempotency-key": headerText,
    origin: fc.oneof(headerText, fc.constantFrom("null", "http://localhost", "https://evil.example.org")),
    "x-csrf-token": headerText,
    "x-request-id": headerText,
    "last-event-id": headerText,
    "user-agent": headerText,
    referer: headerText,
    range: fc.constantFrom("bytes=0-", "bytes=5-1", "x"),
    "content-encoding": fc.constantFrom("identity", "gzip"),
  },
  { requiredKeys: [] },
);

const TYPES = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "text/html",
  "x",
  "image/png",
];

export interface AnyRequest {
  readonly path: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Of those who may ask: which one does. */
  readonly actor: number;
}

/** `ids`, `names`: of what exists, for paths. */
export function requestOf(
  path: string,
  operation: Operation,
  ids: fc.Arbitrary<number>,
  names: fc.Arbitrary<string>,
): fc.Arbitrary<AnyRequest> {
  const inPath = (operation.parameters ?? []).filter((each) => each.in === "path");
  const content = Object.entries(operation.requestBody?.content ?? {});
  const [type, form] = content[0] ?? [];
  const body = form?.schema === undefined ? fc.option(fc.string(), { nil: undefined }) : bodyOf(form.schema, ids);
  return fc
    .record({
      segments: fc.tuple(...inPath.map(({ schema }) => segmentOf(schema, ids, names))),
      query: queryOf(operation, ids),
      body: fc.oneof({ weight: 15, arbitrary: body }, { weight: 1, arbitrary: fc.constant(undefined) }),
      type: fc.oneof(
        { weight: 12, arbitrary: fc.constant(type ?? "application/json") },
        { weight: 1, arbitrary: fc.constantFrom(...TYPES) },
      ),
      headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: headers }),
      actor: fc.nat(),
    })
    .map(({ segments, query, body, type, headers, actor }) => {
      let n = 0;
      const address = path.replace(/\{\w+\}/g, () => segments[n++] ?? "");
      return {
        path: query === "" ? address : `${address}?${query}`,
        body,
        headers: body === undefined ? headers : { "content-type": type, ...headers },
        actor,
      };
    });
}

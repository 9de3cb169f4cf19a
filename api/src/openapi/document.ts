/**
 * The OpenAPI document, made from the routes themselves: their schemas, and what is true of all of them (who may ask, how failures look).
 */
import { toOpenAPISchema } from "@elysiajs/openapi";
import { OptionalKind, type TSchema } from "@sinclair/typebox";
import type { AnyElysia } from "elysia";
import { ChannelPage, ChannelSchema } from "../channels/model.ts";
import { DocumentSchema } from "../documents/model.ts";
import { ProblemSchema } from "../error.ts";
import { StreamPage, StreamSchema, StreamStatusSchema } from "../streams/model.ts";
import { UserPage, UserSchema } from "../users/model.ts";
import { plainSchema, type Schema } from "./schema.ts";
import { ABOUT, REASONS, TAGS } from "./words.ts";

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header" | "cookie";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

export interface Answer {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly description?: string; readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}

export const METHODS = ["get", "post", "put", "patch", "delete"] as const;
export type Method = (typeof METHODS)[number];

export interface ApiDocument {
  readonly openapi: string;
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
    readonly license: object;
  };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Partial<Record<Method, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Answer>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

/** What several routes speak of has a name. */
const NAMED: Readonly<Record<string, TSchema>> = {
  Problem: ProblemSchema,
  Channel: ChannelSchema,
  ChannelPage,
  Stream: StreamSchema,
  StreamPage,
  StreamStatus: StreamStatusSchema,
  User: UserSchema,
  UserPage,
  Document: DocumentSchema,
};

/** Routes that make or end a session: whoever asks them has none yet. */
const OPEN = new Set(["register", "login", "refresh", "logout"]);
/** Features whose public routes are the same for everybody. */
const IMPERSONAL = new Set(["Operations", "Documents"]);

const SIGNED_IN: Operation["security"] = [{ bearer: [] }, { cookie: [] }];
const ANYONE: Operation["security"] = [{}, ...SIGNED_IN];

function securityOf({
  operationId = "",
  tags = [],
  responses = {},
  security,
}: Partial<Operation>): Operation["security"] {
  if (security !== undefined) return security;
  if (OPEN.has(operationId)) return [{}];
  if ("401" in responses) return SIGNED_IN;
  return tags.some((tag) => IMPERSONAL.has(tag)) ? [{}] : ANYONE;
}

/**
 * The routes as the generator should see them. Parsers are for the server alone, and it takes ours for one of another body type; that a body may
 * be left out it does not see.
 */
function forGenerator(app: AnyElysia): AnyElysia {
  const routes = app.routes.map((route) => {
    const { body } = route.hooks as { body?: TSchema };
    const seen = body !== undefined && OptionalKind in body ? { ...body, optional: true } : body;
    return { ...route, hooks: { ...route.hooks, parse: undefined, body: seen } };
  });
  // It asks for no more than these two.
  const seen: unknown = { getGlobalDefinitions: () => ({ type: {} }), getGlobalRoutes: () => routes };
  return seen as AnyElysia;
}

type RawOperation = Omit<Partial<Operation>, "responses"> & { readonly responses?: Readonly<Record<string, Answer>> };

export function describeApi(app: AnyElysia, server = "/"): ApiDocument {
  const raw = toOpenAPISchema(forGenerator(app)) as unknown as { paths: Record<string, Record<string, RawOperation>> };
  const names = new Map(Object.entries(NAMED).map(([name, schema]) => [fingerprint(schema as Schema), name]));
  const nameOf = (schema: Schema) => (schema.type === "object" ? names.get(fingerprint(schema)) : undefined);
  const plain = (schema: Schema) => plainSchema(schema, nameOf);

  function content(given: Content, isProblem: boolean, csv: boolean): Content {
    const types = Object.entries(given).map(([type, { schema }]) => [
      isProblem && type === "application/json" ? "application/problem+json" : type,
      schema === undefined ? {} : { schema: plain(schema) },
    ]);
    return { ...Object.fromEntries(types), ...(csv ? { "text/csv": { schema: { type: "string" } } } : {}) };
  }

  function answer(status: string, { description, content: given, ...rest }: Answer, csv: boolean): Answer {
    const words = description === undefined || description.startsWith("Response for") ? REASONS[status] : description;
    // Nothing to send: the generator names a type where a content type should be.
    const empty = given === undefined || "type" in given;
    const schema = empty ? undefined : Object.values(given)[0]?.schema;
    const isProblem = schema !== undefined && nameOf(schema) === "Problem";
    return {
      description: words ?? status,
      ...rest,
      ...(empty ? {} : { content: content(given, isProblem, csv && status === "200") }),
    };
  }

  function operation(given: RawOperation): Operation {
    const { parameters, requestBody, responses = {}, tags = [], operationId = "", summary = "", ...rest } = given;
    const csv = parameters?.some(({ name, schema }) => name === "format" && schema.enum?.includes("csv")) === true;
    const all = Object.entries(responses).map(([status, each]) => [status, answer(status, each, csv)]);
    return {
      ...rest,
      operationId,
      summary,
      tags,
      security: securityOf(given),
      ...(parameters === undefined ? {} : { parameters: parameters.map((each) => parameter(each, plain)) }),
      ...(requestBody === undefined ? {} : { requestBody: body(requestBody, plain) }),
      responses: {
        ...Object.fromEntries(all),
        "4XX": { $ref: "#/components/responses/Refusal" },
        "5XX": { $ref: "#/components/responses/Failure" },
      },
    };
  }

  const paths: Record<string, Partial<Record<Method, Operation>>> = {};
  for (const [path, methods] of Object.entries(raw.paths).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    // A WebSocket begins as a GET.
    const known = METHODS.flatMap((method) => {
      const given = methods[method] ?? (method === "get" ? methods.ws : undefined);
      return given === undefined ? [] : [[method, operation(given)] as const];
    });
    const address = path.replace(/(?<=.)\/$/, "");
    paths[address] = { ...paths[address], ...Object.fromEntries(known) };
  }

  const problem: Content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  const used = new Set(Object.values(paths).flatMap((methods) => Object.values(methods).flatMap(({ tags }) => tags)));
  return {
    openapi: "3.1.1",
    info: { title: "StreamHub API", version: "0.1.0", description: ABOUT, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: server }],
    tags: TAGS.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(NAMED).map(([name, schema]) => [
          name,
          plainSchema(JSON.parse(JSON.stringify(schema)), (inner) =>
            nameOf(inner) === name ? undefined : nameOf(inner),
          ),
        ]),
      ),
      responses: {
        Refusal: { description: "Refused: the problem says why, in words and by a code that stays", content: problem },
        Failure: { description: "A mistake of the server, or a part that it needs is away", content: problem },
      },
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "The access token of a sign-in, or an API token.",
        },
        cookie: {
          type: "apiKey",
          in: "cookie",
          name: "streamhub_access",
          description:
            "Set by a sign-in, for pages of the site. A write must come from one of them (Origin) and repeat the cookie streamhub_csrf in the header X-CSRF-Token.",
        },
      },
    },
  };
}

function parameter({ schema, ...rest }: Parameter, plain: (schema: Schema) => Schema): Parameter {
  const { description, ...shape } = plain(schema);
  return { ...rest, ...(description === undefined ? {} : { description }), schema: shape };
}

function body(
  { content, required, ...rest }: NonNullable<Operation["requestBody"]>,
  plain: (schema: Schema) => Schema,
) {
  const json = content["application/json"];
  const optional = json?.schema?.optional === true;
  const types = json === undefined ? Object.entries(content) : [["application/json", json] as const];
  return {
    ...rest,
    required: required !== false && !optional,
    content: Object.fromEntries(
      types.map(([type, { schema }]) => [type, schema === undefined ? {} : { schema: plain(schema) }]),
    ),
  };
}

/** Of a schema's shape, however it was copied: the generator rewrites unions of constants, and of null. */
function fingerprint({ properties = {}, required = [] }: Schema): string {
  const names = Object.entries(properties).map(([name, { items }]) =>
    items ? `${name}[${fingerprint(items)}]` : name,
  );
  return names.length === 0 ? "" : `${required.length} ${names.join(" ")}`;
}

import type { TObject, TProperties } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { type DocumentDecoration, type Static, t } from "elysia";
import { AppError } from "../error.ts";
import { IdParam } from "../paging.ts";

export const OpenParams = t.Object({ id: IdParam });

const OpenBody = t.Object({
  referrer: t.Optional(
    t.String({ maxLength: 2_000, description: "Address of the page that led here; its host alone is kept" }),
  ),
});

export const ViewSchema = t.Object({
  sessionId: t.String(),
  /** Send a heartbeat each time so much has passed. */
  heartbeatSeconds: t.Integer(),
});

export const ViewParams = t.Object({ sessionId: t.String({ minLength: 1, maxLength: 64 }) });

const Report = t.Object({
  position: t.Optional(
    t.Number({
      minimum: 0,
      maximum: 1e9,
      description: "Seconds of the stream, from its start, that are on the screen",
    }),
  ),
  playing: t.Optional(t.Boolean({ description: "false: nothing was played since the last heartbeat; default true" })),
});

export const LONGEST_TEXT = 4_000;

/**
 * Reads an optional body, of which everything is optional: JSON, or the same as text, as `navigator.sendBeacon` sends it. Done here because the framework makes
 * an empty object of whatever is none. Throws `request.invalid`.
 */
function bodyReader<P extends TProperties>(schema: TObject<P>): (body: unknown) => Static<TObject<P>> {
  const checker = TypeCompiler.Compile(schema);
  const nothing = {} as Static<TObject<P>>;
  const parse = (text: string): unknown => {
    if (text.trim() === "") return nothing;
    try {
      return text.length > LONGEST_TEXT ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  return (body) => {
    if (body === undefined || body === null) return nothing;
    const value = typeof body === "string" ? parse(body) : body;
    if (checker.Check(value)) return value;
    const errors = [...checker.Errors(value)].slice(0, 10);
    throw new AppError(
      "request.invalid",
      undefined,
      errors.map(({ path, message }) => ({ field: path, in: "body", message })),
    );
  };
}

export const readOpenBody = bodyReader(OpenBody);
export const readReport = bodyReader(Report);

type RequestBody = NonNullable<DocumentDecoration["requestBody"]>;
const json = (schema: TObject) => ({ "application/json": { schema } });

/** For the document, whose types know less of schemas than TypeBox. */
export const openBody = { required: false, content: json(OpenBody) } as unknown as RequestBody;
export const reportBody = {
  required: false,
  description: "navigator.sendBeacon may send the JSON as text/plain, or nothing.",
  content: { ...json(Report), "text/plain": { schema: { type: "string", maxLength: LONGEST_TEXT } } },
} as unknown as RequestBody;

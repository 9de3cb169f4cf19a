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

const whole = (maximum: number, description: string) => t.Integer({ minimum: 0, maximum, description });
/** Ten minutes: players report each minute, hidden pages more seldom. */
const LONGEST_MS = 600_000;

const Quality = t.Object(
  {
    player: t.Union([t.Literal("hls"), t.Literal("dash"), t.Literal("frames"), t.Literal("native")]),
    joinMs: t.Optional(whole(LONGEST_MS, "From the wish to watch to the first picture; once")),
    playedMs: whole(LONGEST_MS, "Milliseconds that played"),
    stalledMs: whole(LONGEST_MS, "Milliseconds in which the picture stood still and nobody wanted it to"),
    stalls: whole(1_000, "How often it did"),
    latencyMs: t.Optional(whole(86_400_000, "Mean age of the picture while at the live edge")),
    switches: whole(1_000, "Changes of the quality"),
    frames: whole(200_000, "Pictures that were to be shown"),
    dropped: whole(200_000, "Those of them that were not"),
    errors: whole(1_000, "Errors that the way of playing did not mend by itself"),
  },
  { additionalProperties: false },
);
/** What happened since the last report. */
export type QualityReport = Static<typeof Quality>;

export const LONGEST_TEXT = 4_000;

/**
 * Reads JSON, or the same as text, as `navigator.sendBeacon` sends it. Done here because the framework makes an empty object of whatever is none.
 * `nothing`: what no body stands for. Throws `request.invalid`.
 */
function bodyReader<P extends TProperties>(
  schema: TObject<P>,
  nothing: unknown = {},
): (body: unknown) => Static<TObject<P>> {
  const checker = TypeCompiler.Compile(schema);
  const parse = (text: string): unknown => {
    if (text.trim() === "") return nothing;
    try {
      return text.length > LONGEST_TEXT ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  };
  return (body) => {
    const value = body === undefined || body === null ? nothing : typeof body === "string" ? parse(body) : body;
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
/** Throws `request.invalid`. */
export const readQuality = bodyReader(Quality, null);

type RequestBody = NonNullable<DocumentDecoration["requestBody"]>;
const json = (schema: TObject) => ({ "application/json": { schema } });

/** For the document, whose types know less of schemas than TypeBox. */
export const openBody = { required: false, content: json(OpenBody) } as unknown as RequestBody;
export const qualityBody = {
  required: true,
  description: "navigator.sendBeacon may send the JSON as text/plain.",
  content: { ...json(Quality), "text/plain": { schema: { type: "string", maxLength: LONGEST_TEXT } } },
} as unknown as RequestBody;
export const reportBody = {
  required: false,
  description: "navigator.sendBeacon may send the JSON as text/plain, or nothing.",
  content: { ...json(Report), "text/plain": { schema: { type: "string", maxLength: LONGEST_TEXT } } },
} as unknown as RequestBody;

/** Request bodies: how large, how slow and of which type they may be, before any of it is believed. */
import { Elysia } from "elysia";
import { AppError } from "../error.ts";

export interface BodyLimits {
  /** Bytes of a JSON or text body. */
  readonly maxBytes: number;
  /** From the first byte of the request to the last of its body. */
  readonly milliseconds: number;
}

export const BODY_LIMITS: BodyLimits = { maxBytes: 1_024 * 1_024, milliseconds: 15_000 };

/** Read by the routes that take them, with limits of their own. */
const PICTURES = /^(multipart\/form-data|image\/[\w.+-]+|application\/octet-stream)$/;
/** Where mail programs, which choose the form of what they send by RFC 8058 §3.1, are to be heard. It is not read. */
const FORM = "application/x-www-form-urlencoded";
const TAKES_FORMS: ReadonlySet<string> = new Set(["/api/notices/mail/off"]);
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;

const tooLarge = (maxBytes: number) =>
  new AppError("request.too-large", `At most ${maxBytes.toLocaleString("en")} bytes are read here.`);

async function readAtMost(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const part of body) {
    length += part.byteLength;
    if (length > maxBytes) throw tooLarge(maxBytes);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** The body as text. Throws `request.too-large`, `request.slow`. */
export async function readText(request: Request, limits: BodyLimits = BODY_LIMITS): Promise<string> {
  const { maxBytes, milliseconds } = limits;
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  // The server itself holds the client to the length that it declared; asking for the stream costs more than the text.
  const reading = declared !== null ? request.text() : request.body === null ? "" : readAtMost(request.body, maxBytes);
  if (reading === "") return reading;
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError("request.slow")), milliseconds);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Every body that is read here has fields. Where none of them is required, the framework would take a number or a list for an empty one. */
function toFields(value: unknown): object | null {
  if (typeof value === "object" && !Array.isArray(value)) return value;
  throw new AppError("request.invalid", undefined, [{ field: "", in: "body", message: "Expected an object" }]);
}

const hasBody = ({ headers }: Request): boolean =>
  headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0;

/** Reads JSON and text for every route that takes a body; leaves pictures to their routes and refuses the rest. */
export function bodies(limits: BodyLimits = BODY_LIMITS) {
  return new Elysia({ name: "bodies" }).onParse({ as: "global" }, async ({ request, path }) => {
    const type = request.headers.get("content-type")?.replace(/;.*/s, "").trim().toLowerCase();
    const coding = request.headers.get("content-encoding");
    if (type === undefined && !hasBody(request)) return undefined;
    if (coding !== null && coding !== "identity")
      throw new AppError("request.media-type", "Send the body without Content-Encoding.");
    if (type === "text/plain") return readText(request, limits);
    if (type !== undefined && JSON_TYPE.test(type)) {
      const text = await readText(request, limits);
      return text === "" ? null : toFields(JSON.parse(text));
    }
    // Not undefined, or the framework's own parsers would read it, whatever its size.
    if (type !== undefined && PICTURES.test(type)) return null;
    if (type === FORM && TAKES_FORMS.has(path)) return null;
    throw new AppError("request.media-type", "Send the body as application/json.");
  });
}

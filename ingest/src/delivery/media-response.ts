/** Answers with bytes or text that are all there: HEAD, conditional and range requests (RFC 9110 §9.3.2, §13, §14). */

export interface Body {
  readonly bytes: Uint8Array | Blob;
  readonly type: string;
  readonly cacheControl: string;
  /** Strong, with its quotes. */
  readonly etag: string;
}

export const CORS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "content-length, content-range, date, etag",
};

export function respond(request: Request, { bytes, type, cacheControl, etag }: Body): Response {
  const size = bytes instanceof Blob ? bytes.size : bytes.length;
  const headers = new Headers({
    ...CORS,
    "content-type": type,
    "cache-control": cacheControl,
    etag,
    "accept-ranges": "bytes",
  });
  const isHead = request.method === "HEAD";
  if (isListed(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const range = rangeOf(request, size, etag);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${size}`);
    // A cache that forgets what range was asked for would give this to all others for as long.
    headers.set("cache-control", "no-store");
    return new Response(null, { status: 416, headers });
  }
  if (range !== null) headers.set("content-range", `bytes ${range.start}-${range.end}/${size}`);
  headers.set("content-length", String(range === null ? size : range.end - range.start + 1));
  return new Response(isHead ? null : (cut(bytes, range) as Uint8Array<ArrayBuffer> | Blob), {
    status: range === null ? 200 : 206,
    headers,
  });
}

/** What lies elsewhere, and how long it is. */
export interface StoredBody extends Omit<Body, "bytes"> {
  readonly size: number;
}

export type ReadStored = (range?: Range) => Promise<ReadableStream<Uint8Array> | Blob | null>;

/** The same for bytes that have to be read first. Null: they are not there. */
export async function respondFrom(
  request: Request,
  { size, type, cacheControl, etag }: StoredBody,
  read: ReadStored,
): Promise<Response | null> {
  const common = { ...CORS, "content-type": type, "cache-control": cacheControl, etag, "accept-ranges": "bytes" };
  const headers = new Headers(common);
  if (isListed(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const range = rangeOf(request, size, etag);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  if (range !== null) headers.set("content-range", `bytes ${range.start}-${range.end}/${size}`);
  headers.set("content-length", String(range === null ? size : range.end + 1 - range.start));
  const body = request.method === "HEAD" ? null : await read(range ?? undefined);
  if (body === null && request.method !== "HEAD") return null;
  return new Response(body, { status: range === null ? 200 : 206, headers });
}

function cut(bytes: Uint8Array | Blob, range: Range | null): Uint8Array | Blob {
  if (range === null) return bytes;
  const [start, end] = [range.start, range.end + 1];
  return bytes instanceof Blob ? bytes.slice(start, end) : bytes.subarray(start, end);
}

function isListed(header: string | null, etag: string): boolean {
  if (header === null || header.length > 1024) return false;
  return header.split(",").some((each) => {
    const tag = each.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** A single range; several at once, or a malformed one, are as if none were given (RFC 9110 §14.2). */
function rangeOf(request: Request, length: number, etag: string): Range | "unsatisfiable" | null {
  const header = request.headers.get("range");
  if (header === null || request.method !== "GET") return null;
  // RFC 9110 §13.1.5 If-Range: the whole if it has changed.
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== etag) return null;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return null;
  const [, from, to] = match;
  if (from === "") {
    if (to === "") return null;
    const count = Number(to);
    return count === 0 ? "unsatisfiable" : { start: Math.max(0, length - count), end: length - 1 };
  }
  const start = Number(from);
  const end = to === "" ? length - 1 : Math.min(Number(to), length - 1);
  if (to !== "" && Number(to) < start) return null;
  return start >= length ? "unsatisfiable" : { start, end };
}

/** What a page of another site asks first. Players tell how they do in the headers of CMCD (CTA-5004 §3). */
export function preflight(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      "access-control-allow-methods": "GET, HEAD, OPTIONS",
      "access-control-allow-headers":
        "range, if-none-match, if-range, cmcd-object, cmcd-request, cmcd-session, cmcd-status",
      "access-control-max-age": "86400",
    },
  });
}

export function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...CORS, "content-type": "text/plain; charset=utf-8", "cache-control": "max-age=1", ...headers },
  });
}

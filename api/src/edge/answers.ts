/**
 * A small shared cache in front of the routes, for answers that say themselves how long a shared cache may keep them (RFC 9111). It is asked
 * without credentials and given only what was made without: nobody's private answer can get in.
 */
import { matches } from "../caching.ts";
import { type Coding, codedTag, encodeSync, MIN_BYTES } from "./encodings.ts";

const MAX_ENTRIES = 1_000;
const MAX_BYTES = 16 * 1_024 * 1_024;
const MAX_KEY = 500;
/** How long an answer that has run out may go on while one request fetches the next. */
const GRACE_MS = 2_000;

interface Entry {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly coded: Map<Coding, Uint8Array<ArrayBuffer>>;
  readonly headers: Record<string, string>;
  readonly etag: string;
  readonly until: number;
  refreshing: boolean;
}

export interface Answers {
  /** The kept answer, as the client takes it; null when the routes must be asked. */
  find(request: Request, coding: Coding | null): Response | null;
  /** A request is about to be answered by the routes: the number that `keep` wants. */
  begin(): number;
  /** Keeps a complete answer if it allows that, and nothing was forgotten since `begin`. */
  keep(request: Request, began: number, response: Response, body: Uint8Array<ArrayBuffer>): void;
  /** Something that answers show has changed. */
  forget(): void;
}

/** What an answer may depend on and still be kept: Accept-Encoding and Origin are seen to here, whoever says who they are is not served from here. */
const VARIES = /^(accept-encoding|authorization|origin|[, ])*$/i;
const CREDENTIALS = /(?:^|;\s*)streamhub_access=/;

/** Whether a request says who it comes from. */
export function hasCredentials(request: Request): boolean {
  if (request.headers.has("authorization")) return true;
  const cookie = request.headers.get("cookie");
  return cookie !== null && CREDENTIALS.test(cookie);
}

/** Path and query: one installation has one public face, whatever name it is called by. */
const keyOf = ({ url }: Request): string => url.slice(url.indexOf("/", url.indexOf("//") + 2));

/** `now`: milliseconds. */
export function makeAnswers(now: () => number = Date.now): Answers {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  let generation = 0;

  const sizeOf = ({ body, coded }: Entry) =>
    [...coded.values()].reduce((sum, each) => sum + each.byteLength, body.byteLength);

  function drop(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    bytes -= sizeOf(entry);
    entries.delete(key);
  }

  function bodyOf(entry: Entry, coding: Coding): Uint8Array<ArrayBuffer> {
    const known = entry.coded.get(coding);
    if (known !== undefined) return known;
    const body = encodeSync(coding, entry.body);
    entry.coded.set(coding, body);
    bytes += body.byteLength;
    return body;
  }

  return {
    find(request, wanted) {
      const entry = entries.get(keyOf(request));
      if (entry === undefined || hasCredentials(request)) return null;
      const late = now() - entry.until;
      if (late >= 0 && (!entry.refreshing || late > GRACE_MS)) {
        entry.refreshing = true;
        return null;
      }
      const coding = entry.body.byteLength < MIN_BYTES ? null : wanted;
      const headers = { ...entry.headers, etag: coding === null ? entry.etag : codedTag(entry.etag, coding) };
      const known = request.headers.get("if-none-match");
      if (known !== null && matches(known, entry.etag)) return new Response(null, { status: 304, headers });
      if (coding === null) return new Response(entry.body, { headers });
      return new Response(bodyOf(entry, coding), { headers: { ...headers, "content-encoding": coding } });
    },
    begin: () => generation,
    keep(request, began, response, body) {
      const key = keyOf(request);
      const seconds = /^public\b.*\bs-maxage=(\d+)/.exec(response.headers.get("cache-control") ?? "")?.[1];
      const etag = response.headers.get("etag");
      const vary = response.headers.get("vary") ?? "";
      if (seconds === undefined || etag === null || began !== generation || key.length > MAX_KEY) return;
      if (response.headers.has("set-cookie") || hasCredentials(request) || !VARIES.test(vary)) return;
      drop(key);
      const headers: Record<string, string> = {};
      for (const [name, value] of response.headers) headers[name] = value;
      const until = now() + Number(seconds) * 1_000;
      entries.set(key, { body, coded: new Map(), headers, etag, until, refreshing: false });
      bytes += body.byteLength;
      for (const oldest of entries.keys()) {
        if (entries.size <= MAX_ENTRIES && bytes <= MAX_BYTES) break;
        drop(oldest);
      }
    },
    forget() {
      generation++;
      entries.clear();
      bytes = 0;
    },
  };
}

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

/** A body as it goes out. A Blob is not copied for each answer, as bytes and texts are. */
interface Form {
  readonly body: Blob;
  readonly bytes: number;
  readonly headers: Headers;
}

interface Entry {
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly forms: Map<Coding | null, Form>;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly until: number;
  refreshing: boolean;
}

export interface Answers {
  /** The kept answer, as the client takes it; null when the routes must be asked. */
  find(request: Request, coding: Coding | null, requestId: () => string): Response | null;
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

  const sizeOf = ({ forms }: Entry) => [...forms.values()].reduce((sum, form) => sum + form.bytes, 0);

  function drop(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    bytes -= sizeOf(entry);
    entries.delete(key);
  }

  function makeForm({ plain, headers, etag }: Entry, coding: Coding | null): Form {
    const body = coding === null ? plain : encodeSync(coding, plain);
    const coded = coding === null ? {} : { etag: codedTag(etag, coding), "content-encoding": coding };
    return { body: new Blob([body]), bytes: body.byteLength, headers: new Headers({ ...headers, ...coded }) };
  }

  function formOf(entry: Entry, wanted: Coding | null): Form {
    const coding = entry.plain.byteLength < MIN_BYTES ? null : wanted;
    const known = entry.forms.get(coding);
    if (known !== undefined) return known;
    const form = makeForm(entry, coding);
    entry.forms.set(coding, form);
    bytes += form.bytes;
    return form;
  }

  return {
    find(request, wanted, requestId) {
      const entry = entries.get(keyOf(request));
      if (entry === undefined || hasCredentials(request)) return null;
      const late = now() - entry.until;
      if (late >= 0 && (!entry.refreshing || late > GRACE_MS)) {
        entry.refreshing = true;
        return null;
      }
      const { headers, body } = formOf(entry, wanted);
      // An answer takes a copy of them.
      headers.set("x-request-id", requestId());
      const known = request.headers.get("if-none-match");
      if (known !== null && matches(known, entry.etag)) return new Response(null, { status: 304, headers });
      return new Response(body, { headers });
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
      const entry = { plain: body, forms: new Map(), headers, etag, until, refreshing: false };
      entries.set(key, entry);
      formOf(entry, null);
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

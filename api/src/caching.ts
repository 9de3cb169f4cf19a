/** Public reads for edge caches: a strong ETag over the bytes, 304 for who has them, and how long a shared cache may keep them. */
import { Elysia } from "elysia";

/** A strong tag of exactly these bytes: 128 bits of a fast hash, since nobody gains by two answers of theirs that have the same. */
export const etagOf = (body: string): string =>
  `"${Bun.hash.xxHash3(body, 1n).toString(36)}${Bun.hash.xxHash3(body, 2n).toString(36)}"`;

/** The tag that the routes gave, of the form in which an answer was sent: weak from proxies that recompress, with the edge's coding at its end. */
const plainTag = (given: string): string =>
  given
    .trim()
    .replace(/^W\//, "")
    .replace(/-(?:gzip|br|zstd)"$/, '"');

/** Compares an If-None-Match header with one strong tag (RFC 9110 §13.1.2: a list, or `*`). */
export function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return ifNoneMatch.split(",").some((given) => given.trim() === "*" || plainTag(given) === plainTag(etag));
}

/**
 * Mounted by a feature whose reads are public. `sharedSeconds` is kept short because the web shows a new broadcast within two seconds;
 * browsers always revalidate, which costs them a 304.
 */
export function publicReads(sharedSeconds: number) {
  const cacheControl = `public, max-age=0, s-maxage=${sharedSeconds}, stale-while-revalidate=${sharedSeconds * 5}`;
  return new Elysia({ name: "public-reads", seed: sharedSeconds }).mapResponse(
    { as: "scoped" },
    ({ request, responseValue, set }) => {
      const status = set.status ?? 200;
      if (responseValue instanceof Response || status !== 200) return;
      const body = JSON.stringify(responseValue);
      const etag = etagOf(body);
      const { headers } = set;
      headers.etag = etag;
      headers["cache-control"] ??= cacheControl;
      headers.vary = headers.vary === undefined ? "Accept-Encoding" : `Accept-Encoding, ${headers.vary}`;
      if (matches(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304 });
      headers["content-type"] = "application/json";
      // As a text: a Response would be taken apart and put together again.
      return body as unknown as Response;
    },
  );
}

interface Read {
  readonly actor: unknown;
  readonly set: { readonly headers: Record<string, string | number | undefined> };
}

/** Before public reads that may say more to who is signed in: what such a reader sees may be for that reader alone. */
export function keepToReader({ actor, set }: Read): void {
  set.headers.vary = "Authorization";
  if (actor !== null) set.headers["cache-control"] = "no-store";
}

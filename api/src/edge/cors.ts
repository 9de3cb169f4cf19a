/** Cross-origin reads for the origins on the operator's list, credentials included; for all others the browser's own refusal stays. */

const ALLOWED_HEADERS =
  "Authorization, Content-Type, X-CSRF-Token, Idempotency-Key, If-None-Match, X-Request-Id, Accept-Language";
const EXPOSED_HEADERS = "ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed, Content-Disposition";
const PREFLIGHT_SECONDS = 600;

export interface Cors {
  /** Adds what a browser needs to hand an answer to a page of another origin. */
  mark(request: Request, headers: Headers): void;
  /** The headers of an answer to OPTIONS on an address with these methods. */
  preflight(request: Request, methods: readonly string[]): Headers;
}

export function makeCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);

  function mark(request: Request, headers: Headers): void {
    if (allowed.size === 0) return;
    headers.append("vary", "Origin");
    const origin = request.headers.get("origin");
    if (origin === null || !allowed.has(origin)) return;
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-allow-credentials", "true");
    headers.set("access-control-expose-headers", EXPOSED_HEADERS);
  }

  return {
    mark,
    preflight(request, methods) {
      const headers = new Headers({ allow: methods.join(", ") });
      mark(request, headers);
      if (headers.has("access-control-allow-origin") && request.headers.has("access-control-request-method")) {
        headers.set("access-control-allow-methods", methods.join(", "));
        headers.set("access-control-allow-headers", ALLOWED_HEADERS);
        headers.set("access-control-max-age", String(PREFLIGHT_SECONDS));
      }
      return headers;
    },
  };
}

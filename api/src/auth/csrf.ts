/**
 * Protection of writes whose credentials the browser attached by itself (cookies): the Origin must be ours, and a header must repeat a token that
 * only our pages can read. A bearer token needs neither: no browser sends one unasked.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { AppError } from "../error.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The token of a session; it can be told to the session's pages and is worth nothing to anyone else. */
export const csrfToken = (secret: string, sessionId: number): string =>
  createHmac("sha256", secret).update(`csrf ${sessionId}`).digest("base64url");

/** Origins that may write with cookies: the site itself, and those that the operator allows. */
export interface OwnOrigins {
  readonly publicUrl: string | null;
  readonly corsOrigins: readonly string[];
}

export function isOwnOrigin(request: Request, origin: string, { publicUrl, corsOrigins }: OwnOrigins): boolean {
  if (origin === publicUrl || corsOrigins.includes(origin)) return true;
  // A proxy that ends TLS leaves us http: the host decides. A page of another site can't choose the Host that a browser sends.
  return URL.canParse(origin) && new URL(origin).host === (request.headers.get("host") ?? new URL(request.url).host);
}

/** Throws AppError `auth.csrf` for an unsafe request with cookies that does not prove where it comes from. */
export function requireOwnOrigin(request: Request, origins: OwnOrigins): void {
  if (SAFE.has(request.method)) return;
  const origin = request.headers.get("origin");
  if (origin === null || !isOwnOrigin(request, origin, origins))
    throw new AppError("auth.csrf", "A write with cookies must come from a page of this site.");
}

/**
 * For writes that need no credentials but give some (signing in, registering): a page of another site could sign its visitor in as somebody
 * else. Programs send neither header, browsers always one of them.
 */
export function refuseForeignOrigin(request: Request, origins: OwnOrigins): void {
  const origin = request.headers.get("origin");
  const foreign =
    origin === null ? request.headers.get("sec-fetch-site") === "cross-site" : !isOwnOrigin(request, origin, origins);
  if (foreign)
    throw new AppError(
      "auth.csrf",
      "This must come from a page of this site; where a proxy hides its name, set PUBLIC_URL.",
    );
}

export function requireCsrfToken(request: Request, given: string | null, expected: string): void {
  if (SAFE.has(request.method)) return;
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  if (a.length !== b.length || !timingSafeEqual(a, b))
    throw new AppError("auth.csrf", "A write with cookies must repeat the cookie streamhub_csrf in X-CSRF-Token.");
}

/** The cookies of a session: names, attributes, and whether the site is reached over TLS. */
import { isOwnOrigin, type OwnOrigins } from "./csrf.ts";
import { ACCESS_COOKIE, ACCESS_SECONDS, CSRF_COOKIE, REFRESH_COOKIE, REFRESH_PATH, REFRESH_SECONDS } from "./tokens.ts";

/**
 * Whether browsers reach the site by https. A proxy that ends TLS leaves us http, and says so in a header, as the page's Origin does. Anyone
 * can write these headers, and whoever does gets cookies that only https carries: nobody else's are concerned.
 */
export function isSecure(request: Request, origins: OwnOrigins): boolean {
  if (origins.publicUrl?.startsWith("https:") || request.url.startsWith("https:")) return true;
  const { headers } = request;
  const origin = headers.get("origin");
  return (
    /^\s*https\s*(,|$)/i.test(headers.get("x-forwarded-proto") ?? "") ||
    /(^|[;,\s])proto="?https"?([;,\s]|$)/i.test(headers.get("forwarded") ?? "") ||
    (origin?.startsWith("https:") === true && isOwnOrigin(request, origin, origins))
  );
}

export interface SessionCookies {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly csrfToken: string;
}

const SPECS = [
  { name: ACCESS_COOKIE, value: "accessToken", path: "/", seconds: ACCESS_SECONDS, httpOnly: true },
  // Browsers send it to these addresses only.
  { name: REFRESH_COOKIE, value: "refreshToken", path: REFRESH_PATH, seconds: REFRESH_SECONDS, httpOnly: true },
  // Pages read it and repeat it in a header.
  { name: CSRF_COOKIE, value: "csrfToken", path: "/", seconds: REFRESH_SECONDS, httpOnly: false },
] as const;

/** Values of Set-Cookie; null takes the cookies away. */
export const setCookies = (cookies: SessionCookies | null, secure: boolean): string[] =>
  SPECS.map(({ name, value, path, seconds, httpOnly }) =>
    [
      `${name}=${cookies === null ? "" : cookies[value]}`,
      `Path=${path}`,
      `Max-Age=${cookies === null ? 0 : seconds}`,
      "SameSite=Lax",
      ...(httpOnly ? ["HttpOnly"] : []),
      ...(secure ? ["Secure"] : []),
    ].join("; "),
  );

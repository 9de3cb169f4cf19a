/** The cookie by which a browser is known again, wherever it is given first. */
import type { Services } from "../services.ts";

/** A year: only how often someone comes back within a day is ever looked at. */
const COOKIE_SECONDS = 365 * 24 * 3_600;

export const viewerCookie = (value: string, { publicUrl }: Pick<Services, "publicUrl">) => ({
  value,
  path: "/",
  httpOnly: true,
  sameSite: "lax" as const,
  secure: publicUrl?.startsWith("https:") ?? false,
  maxAge: COOKIE_SECONDS,
});

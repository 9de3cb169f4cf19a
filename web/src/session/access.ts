/**
 * What a page knows of its session without asking: the cookie that every write repeats, and until when the access cookie lasts. The tokens themselves
 * are in cookies that no script can read.
 */
import { recall, remember } from "../ui/memory.ts";

const CSRF_COOKIE = /(?:^|; )streamhub_csrf=([\w.~+/=-]+)/;

/** Null: this browser has no session, so nothing needs to be asked. */
export function csrfToken(): string | null {
  return CSRF_COOKIE.exec(document.cookie)?.[1] ?? null;
}

/** Milliseconds of the browser's clock; 0 when nothing is known. */
export function accessUntil(): number {
  return Number(recall("access-until") ?? 0) || 0;
}

/** `seconds`: what an answer with new tokens says of them; null when the session is over. */
export function noteAccess(seconds: number | null): void {
  remember("access-until", seconds === null ? null : String(Date.now() + seconds * 1000));
}

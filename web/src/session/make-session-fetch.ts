/**
 * A `fetch` that keeps a session alive: it repeats the CSRF cookie on writes, renews access that has run out before it asks (or after a 401, once), and
 * renews it only once however many requests and tabs notice.
 */
type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

export interface SessionFetchOptions {
  readonly fetch: Fetch;
  /** The CSRF cookie; null: there is no session. */
  readonly token: () => string | null;
  readonly accessUntil: () => number;
  readonly noteAccess: (seconds: number | null) => void;
  /** Runs alone among all tabs of this browser. */
  readonly alone: (task: () => Promise<boolean>) => Promise<boolean>;
  readonly onOver: () => void;
  readonly now?: () => number;
}

const SAFE = new Set(["GET", "HEAD"]);
/** These bring or end a session themselves: a 401 of theirs says what it says. */
const OPENING = /^\/api\/auth\/(login|register|refresh|logout)$/;
const REFRESH = "/api/auth/refresh";
/** Renew a little early: the request takes time as well. */
const EARLY_MS = 20_000;
/** Another tab has just renewed it, and its cookie is already here. */
const RACED_SECONDS = 60;

export function makeSessionFetch(options: SessionFetchOptions): Fetch {
  const { fetch, token, accessUntil, noteAccess, alone, onOver, now = Date.now } = options;
  let renewing: Promise<boolean> | null = null;

  const isStale = () => accessUntil() - EARLY_MS < now();

  /** `seen`: what was known of access when it turned out to be over; another value by now means that somebody was faster. */
  function renew(seen: number): Promise<boolean> {
    renewing ??= alone(async () => {
      if (accessUntil() !== seen && !isStale()) return true;
      const answer = await send(REFRESH, { method: "POST" });
      if (answer.status === 409) noteAccess(RACED_SECONDS);
      else if (answer.ok) noteAccess(((await answer.json()) as { expiresIn: number }).expiresIn);
      else if (answer.status === 401) {
        noteAccess(null);
        onOver();
      }
      return answer.ok || answer.status === 409;
    })
      .catch(() => false)
      .finally(() => {
        renewing = null;
      });
    return renewing;
  }

  function send(input: string, init: RequestInit = {}): Promise<Response> {
    const csrf = SAFE.has((init.method ?? "GET").toUpperCase()) ? null : token();
    if (csrf === null) return fetch(input, init);
    const headers = new Headers(init.headers);
    headers.set("x-csrf-token", csrf);
    return fetch(input, { ...init, headers });
  }

  return async (input, init) => {
    const path = new URL(input, "http://here").pathname;
    if (OPENING.test(path) || token() === null) return send(input, init);
    const seen = accessUntil();
    if (isStale()) await renew(seen);
    const answer = await send(input, init);
    if (answer.status !== 401 || token() === null) return answer;
    return (await renew(accessUntil())) ? send(input, init) : answer;
  };
}

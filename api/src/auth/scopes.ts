/**
 * What an API token may do, decided by method and path before any route is asked. `read` reads what its owner may read, secrets left out; `channels` also
 * runs channels and streams; only `admin` brings the owner's role along. Whatever keeps an account safe wants a person who signs in.
 */
import type { queries } from "@streamhub/db";

type Scope = queries.TokenScope;

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
const CHANNEL_WORK = /^\/api\/(channels|streams|views|webhooks)(\/|$)/;
/** Also addresses of webhooks, which often are secrets themselves, and what a channel has to do with other services. */
const SECRET = /^\/api\/(channels\/[^/]*\/((stream-key|regenerate-stream-key)\/?$|restreams(\/|$))|webhooks(\/|$))/;
/** Nothing but who one is: passwords, sessions and tokens are not for tokens. */
const SIGN_IN = /^\/api\/auth\/(?!me\/?$)/;
/** Asking to watch changes nothing. */
const TICKET = /^\/api\/(channels|streams)\/[^/]*\/playback-token\/?$/;

const RANK: Readonly<Record<Scope, number>> = { read: 0, channels: 1, admin: 2 };

/** The least scope that a request needs; null: no token will do. */
export function scopeNeeded(method: string, path: string): Scope | null {
  if (SIGN_IN.test(path)) return null;
  if (SECRET.test(path)) return "channels";
  if (READS.has(method) || TICKET.test(path)) return "read";
  return CHANNEL_WORK.test(path) ? "channels" : "admin";
}

export const covers = (given: Scope, needed: Scope | null): boolean => needed !== null && RANK[given] >= RANK[needed];

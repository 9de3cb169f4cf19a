/** Writes down who has changed what: of every change by somebody who is signed in, as the routes have it, without a list of its own to forget. */
import { queries } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { requestIdOf } from "../error.ts";
import type { Services } from "../services.ts";

const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** What viewers do all the time, and what changes nothing. */
const EVERYDAY =
  /\/(?:follow|playback-token|chat\/messages|preview|test)$|^\/api\/(?:views|notices|auth\/(?:login|logout|refresh))(?:\/|$)/;
/** Reading another's key opens a channel. */
const TELLING_READ = "/api/channels/:id/stream-key";
/** Their values are words of ours; every other value may be a secret, or somebody's. */
const PLAIN = new Set(["role", "isActive", "visibility", "isArchived", "scope", "quality", "latency", "isRecorded"]);
const MAX_FIELDS = 20;
const MAX_FIELD = 80;
const MAX_PATH = 300;

export interface Written {
  readonly actor: Actor;
  readonly request: Request;
  /** Its template. */
  readonly route: string;
  readonly body: unknown;
}

/** Names of what a body gives, and of its settings. */
export function fieldsOf(body: unknown): string[] {
  if (typeof body !== "object" || body === null || Array.isArray(body) || body instanceof Uint8Array) return [];
  const fields = Object.entries(body).map(([name, value]) => {
    const isWord = typeof value === "string" || typeof value === "boolean";
    return (PLAIN.has(name) && isWord ? `${name}=${value}` : name).slice(0, MAX_FIELD);
  });
  return fields.sort().slice(0, MAX_FIELDS);
}

function isTold({ actor, request, route }: Written): boolean {
  if (READS.has(request.method)) return route === TELLING_READ && actor.role === "admin";
  return !EVERYDAY.test(route);
}

export type Recorder = (written: Written) => Promise<void>;

/** What was done is done: when it can't be written down, the log says so and the answer stays. */
export function makeRecorder({ db, addressOf, onFailure }: Services): Recorder {
  return async (written) => {
    const { actor, request, body } = written;
    const route = written.route.replace(/(?<=.)\/$/, "");
    if (!isTold({ ...written, route })) return;
    try {
      await queries.writeAuditEntry(db, {
        userId: actor.userId,
        tokenId: actor.sessionId === null ? actor.tokenId : null,
        method: request.method,
        route,
        path: new URL(request.url).pathname.slice(0, MAX_PATH),
        fields: fieldsOf(body),
        address: addressOf(request).slice(0, 64) || null,
      });
    } catch (cause) {
      onFailure?.({ requestId: requestIdOf(request), traceId: null, code: "server.error", cause });
    }
  };
}

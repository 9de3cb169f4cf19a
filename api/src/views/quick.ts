/**
 * Heartbeats come by the ten thousand, and preparing a request for a route costs several times what counting one does. Those of the usual form, of
 * sessions that this process knows, are answered here, before the routes; the route answers all others, in the same words.
 */
import type { Viewer } from "@streamhub/db";
import type { Handler } from "../edge/edge.ts";
import { SECURITY } from "../edge/security.ts";
import { AppError, problemResponse, requestIdOf } from "../error.ts";
import { LONGEST_TEXT } from "./model.ts";

const HEARTBEAT = /^https?:\/\/[^/?#]*\/api\/views\/([\w-]{22})\/heartbeat$/;
const USUAL_TYPE = /^(?:application\/json|text\/plain)(?:$|;)/;
const BODY_TIMEOUT_MS = 15_000;
const SWEEP_MS = 1_000;
const HSTS = "max-age=31536000";

interface Counter {
  knows(sessionId: string): boolean;
  viewerOf(request: Request): Viewer;
  heartbeat(sessionId: string, viewer: Viewer, body: unknown): void | Promise<void>;
}

/** Null: not of the usual form. */
function usualBody({ headers }: Request): "none" | "text" | null {
  const length = headers.get("content-length");
  if (length === "0") return "none";
  const type = headers.get("content-type");
  const isUsual = length !== null && type !== null && USUAL_TYPE.test(type) && Number(length) <= LONGEST_TEXT;
  return isUsual && !headers.has("content-encoding") ? "text" : null;
}

/** Goes around everything but the metrics. `https`: the site is reached by TLS alone. Where other sites may call (CORS), their requests go the long way. */
export function quickHeartbeats(counter: Counter, { https, hasCors }: { https: boolean; hasCors: boolean }) {
  const common = { ...SECURITY, ...(https ? { "strict-transport-security": HSTS } : {}) };
  const deadlines = makeDeadlines(BODY_TIMEOUT_MS);

  function answer(request: Request, sessionId: string, body: string | undefined): Response {
    const requestId = requestIdOf(request);
    try {
      // It is known, so there is nothing to wait for.
      void counter.heartbeat(sessionId, counter.viewerOf(request), body);
      return new Response(null, { status: 204, headers: { ...common, "x-request-id": requestId } });
    } catch (error) {
      if (error instanceof AppError) return problemResponse(error, requestId);
      throw error;
    }
  }

  function quick(request: Request): Response | Promise<Response> | undefined {
    if (request.method !== "POST") return undefined;
    const sessionId = HEARTBEAT.exec(request.url)?.[1];
    if (sessionId === undefined || !counter.knows(sessionId)) return undefined;
    if (hasCors && request.headers.has("origin")) return undefined;
    const form = usualBody(request);
    if (form === null) return undefined;
    if (form === "none") return answer(request, sessionId, undefined);
    // The server holds the client to the length that it declared.
    return deadlines.of(request.text()).then(
      (text) => answer(request, sessionId, text),
      (error) =>
        problemResponse(error instanceof AppError ? error : new AppError("request.unreadable"), requestIdOf(request)),
    );
  }

  // Elysia asks at every request for the function around its own, which is always the same.
  let last: { readonly inner: Handler; readonly handler: Handler } | undefined;
  return (inner: Handler): Handler => {
    if (last?.inner !== inner) last = { inner, handler: (request) => quick(request) ?? inner(request) };
    return last.handler;
  };
}

/** One timer for all bodies that are on their way, instead of one for each. */
function makeDeadlines(milliseconds: number) {
  interface Pending {
    readonly since: number;
    readonly reject: (error: AppError) => void;
  }
  /** In the order in which they began. */
  const pending = new Set<Pending>();
  let timer: Timer | null = null;

  function sweep(): void {
    const now = performance.now();
    for (const each of pending) {
      if (now - each.since < milliseconds) break;
      pending.delete(each);
      each.reject(new AppError("request.slow"));
    }
    if (pending.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return {
    of<T>(reading: Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        const entry: Pending = { since: performance.now(), reject };
        pending.add(entry);
        timer ??= setInterval(sweep, SWEEP_MS);
        reading.then(
          (value) => {
            pending.delete(entry);
            resolve(value);
          },
          (error) => {
            pending.delete(entry);
            reject(error);
          },
        );
      });
    },
  };
}

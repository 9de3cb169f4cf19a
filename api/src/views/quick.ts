/**
 * Heartbeats come by the ten thousand, and preparing a request for a route costs several times what counting one does. Those of the usual form, of
 * sessions that this process knows, are answered here, before the routes; the route answers all others, in the same words.
 */
import type { Viewer } from "@streamhub/db";
import { readText } from "../edge/bodies.ts";
import { SECURITY } from "../edge/security.ts";
import { AppError, problemResponse, requestIdOf } from "../error.ts";
import { LONGEST_TEXT } from "./model.ts";

const HEARTBEAT = /^https?:\/\/[^/?#]*\/api\/views\/([\w-]{22})\/heartbeat$/;
const USUAL_TYPE = /^(?:application\/json|text\/plain)(?:$|;)/;
const BODY_LIMITS = { maxBytes: LONGEST_TEXT, milliseconds: 15_000 };

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

/** For `onRequest`: undefined leaves the request to the routes. */
export function quickHeartbeats(counter: Counter) {
  function answer(request: Request, sessionId: string, body: string | undefined): Response {
    const requestId = requestIdOf(request);
    try {
      // It is known, so there is nothing to wait for.
      void counter.heartbeat(sessionId, counter.viewerOf(request), body);
      return new Response(null, { status: 204, headers: { ...SECURITY, "x-request-id": requestId } });
    } catch (error) {
      if (error instanceof AppError) return problemResponse(error, requestId);
      throw error;
    }
  }

  return ({ request }: { readonly request: Request }): Response | Promise<Response> | undefined => {
    if (request.method !== "POST") return undefined;
    const sessionId = HEARTBEAT.exec(request.url)?.[1];
    if (sessionId === undefined || !counter.knows(sessionId)) return undefined;
    const form = usualBody(request);
    if (form === null) return undefined;
    if (form === "none") return answer(request, sessionId, undefined);
    return readText(request, BODY_LIMITS).then(
      (text) => answer(request, sessionId, text),
      (error) => {
        if (error instanceof AppError) return problemResponse(error, requestIdOf(request));
        throw error;
      },
    );
  };
}

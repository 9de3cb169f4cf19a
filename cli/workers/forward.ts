/** Requests for what another worker of this machine has: passed on over its Unix socket, answers passed back as they come. */
import { type Sockets, wantsSocket } from "@streamhub/api/sockets";
import type { Part } from "../http.ts";
import { farSocket, relaySession } from "./forward-socket.ts";

export interface ForwardOptions {
  /** The Unix socket of the worker that answers for this path; null: this process does. */
  readonly find: (path: string) => string | null;
  readonly sockets: Sockets;
}

/** Questions whose answers have not begun; more are told to come again. */
const MAX_WAITING = 10_000;
/** Longer than any request is held (20 s). Milliseconds until the answer begins. */
const ANSWERS_WITHIN = 25_000;
/** Who reads what has no end more slowly than this is cut off, as by the worker itself. */
export const MAX_BEHIND = 8 * 1024 * 1024;
/** RFC 9110 §7.6.1: what concerns one connection alone. */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

const SLUG = /^\/live\/([^/]+?)(?:\.flv)?(?:\/|$)/;
const DOWNLOAD = /^\/vod\/[^/]+\/download\.mp4$/;

/** The name of the broadcast that a path is about; null: of none. */
export const slugOf = (path: string): string | null => (path === "/live/time" ? null : (SLUG.exec(path)?.[1] ?? null));
/** A file that is made when it is asked for: by one worker for all. */
export const isDownload = (path: string): boolean => DOWNLOAD.test(path);

const unavailable = (): Response =>
  new Response("Come again.\n", { status: 503, headers: { "retry-after": "1", "cache-control": "no-store" } });

function onward(request: Request, address: string): Headers {
  const headers = new Headers(request.headers);
  for (const name of [...HOP_BY_HOP, "forwarded"]) headers.delete(name);
  headers.set("x-forwarded-for", address);
  return headers;
}

/** What has no length, as it comes: it is taken as fast as it comes, whoever reads it. */
function endless(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return controller.close();
        controller.enqueue(value);
        if ((controller.desiredSize ?? 0) < 0) throw new Error("the reader is too slow");
      }
    } catch {
      await reader.cancel().catch(() => {});
      // Without a reason: Bun would print that past our log.
      controller.error();
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => void pump(controller),
      cancel: () => reader.cancel(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_BEHIND }),
  );
}

export function makeForward({ find, sockets }: ForwardOptions): Part {
  let waiting = 0;

  async function pass(request: Request, unix: string, address: string): Promise<Response> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), ANSWERS_WITHIN);
    waiting++;
    try {
      const answer = await fetch(request.url, {
        method: request.method,
        headers: onward(request, address),
        signal: AbortSignal.any([request.signal, giveUp.signal]),
        redirect: "manual",
        decompress: false,
        unix,
      });
      const headers = new Headers(answer.headers);
      for (const name of HOP_BY_HOP) headers.delete(name);
      const isWhole = answer.body === null || headers.has("content-length");
      return new Response(isWhole ? answer.body : endless(answer.body!), { status: answer.status, headers });
    } catch {
      // It has gone this moment, or is too slow: the next question is for whoever has the broadcast then.
      return unavailable();
    } finally {
      clearTimeout(timer);
      waiting--;
    }
  }

  /** The worker first: whether it becomes a WebSocket is for it to say. */
  async function passSocket(request: Request, unix: string, address: string): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = onward(request, address);
    for (const name of [...headers.keys()]) if (name.startsWith("sec-websocket-")) headers.delete(name);
    const far = await farSocket(`ws+unix://${unix}:${pathname}${search}`, headers, ANSWERS_WITHIN);
    // Why not, it says to a plain request.
    if (far === null) return pass(request, unix, address);
    // Whoever made a socket of it has answered.
    if (sockets.upgrade(request, relaySession(far, MAX_BEHIND))) return new Response(null, { status: 101 });
    far.socket.close();
    return new Response("This WebSocket handshake is not in order.\n", { status: 400 });
  }

  return (request, address, path) => {
    const unix = find(path);
    if (unix === null) return null;
    if (waiting >= MAX_WAITING) return unavailable();
    return wantsSocket(request) ? passSocket(request, unix, address()) : pass(request, unix, address());
  };
}

/** Server-sent events (HTML §9.2): the feed over plain HTTP, for `curl -N` and EventSource. */
import type { Actor } from "../auth/guard.ts";
import type { Granted, Pipe } from "./client.ts";
import type { Feeds, Seat } from "./feeds.ts";
import type { Positions } from "./positions.ts";

export interface SseRequest {
  readonly actor: Actor | null;
  readonly granted: readonly Granted[];
  readonly after: Positions;
  readonly seat: Seat;
  readonly signal: AbortSignal;
}

/** After an end clients come back within so long, not all at once. Milliseconds. */
const retry = () => 1_000 + Math.floor(Math.random() * 4_000);
/** What Bun may take from us before the client has read it. Bytes. */
const AHEAD = 16 * 1_024;
const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store, no-transform",
  // NGINX would keep events back until a buffer is full.
  "x-accel-buffering": "no",
  vary: "Authorization, Cookie",
};

export function streamEvents(feeds: Feeds, { actor, granted, after, seat, signal }: SseRequest): Response {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  const queue: Uint8Array[] = [];
  let queued = 0;
  let over = false;
  let roomy: (() => void)[] = [];
  let endBeat: () => void = () => {};

  function flush(): void {
    while (controller !== null && queue.length > 0 && (controller.desiredSize ?? 0) > 0) {
      const chunk = queue.shift()!;
      queued -= chunk.byteLength;
      try {
        controller.enqueue(chunk);
      } catch {
        // The client is gone; `cancel` has yet to say so.
        queue.length = queued = 0;
      }
    }
    if (queued <= AHEAD || over) {
      for (const resolve of roomy) resolve();
      roomy = [];
    }
  }

  function put(text: string): boolean {
    if (over) return true;
    const chunk = encoder.encode(text);
    if (queued + chunk.byteLength > feeds.limits.buffered) return false;
    queue.push(chunk);
    queued += chunk.byteLength;
    flush();
    return true;
  }

  const pipe: Pipe = {
    write: ({ sse }, position) => put(`${sse}id: ${position()}\n\n`),
    room: () => (queued <= AHEAD || over ? Promise.resolve() : new Promise((resolve) => roomy.push(resolve))),
    end(why, lastWords) {
      over = true;
      endBeat();
      signal.removeEventListener("abort", gone);
      // What a client did not read is not kept for it: it comes back with the last id that it saw.
      if (why === "slow" || why === "left") queue.length = 0;
      else if (lastWords !== null) queue.push(encoder.encode(`${lastWords.sse}\n`));
      queued = 0;
      try {
        for (const chunk of queue.splice(0)) controller?.enqueue(chunk);
        controller?.close();
      } catch {
        // It has closed itself: the client is gone.
      }
      flush();
    },
  };
  const client = feeds.connect("sse", actor, seat, pipe);
  const gone = () => client.end("left");
  signal.addEventListener("abort", gone);
  endBeat = feeds.beat(() => {
    if (!put(": still here\n\n")) client.end("slow");
  });

  const body = new ReadableStream<Uint8Array>(
    {
      start(made) {
        controller = made;
        put(`retry: ${retry()}\n\n`);
        void client.subscribe(granted, after).catch(() => client.end("unchecked"));
      },
      pull: flush,
      cancel: gone,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: AHEAD }),
  );
  if (signal.aborted) gone();
  return new Response(body, { headers: HEADERS });
}

/** A server of the test platform's API that listens on a port, and clients of its event feed. */
import type { Bus } from "@streamhub/db";
import { Registry } from "prom-client";
import { createApp } from "../src/app.ts";
import { type FeedLimits, type Feeds, makeFeeds } from "../src/events/feeds.ts";
import type { FeedMessage } from "../src/events/model.ts";
import { NO_LIMITS } from "../src/limits/model.ts";
import { makeSockets, type SocketSession } from "../src/sockets.ts";
import { TEST_SECRET, type TestPlatform } from "./platform.ts";

export interface EventServer {
  readonly port: number;
  readonly feeds: Feeds;
  readonly metrics: Registry;
  /** What the API told its log. */
  readonly failures: readonly unknown[];
  stop(): Promise<void>;
}

export interface EventServerOptions {
  readonly limits?: Partial<FeedLimits>;
  readonly bus?: Bus;
  readonly corsOrigins?: readonly string[];
}

export function serveEvents(platform: TestPlatform, options: EventServerOptions = {}): EventServer {
  const { bus = platform.bus, corsOrigins = [], limits } = options;
  const { db } = platform.database;
  const metrics = new Registry();
  const failures: unknown[] = [];
  const feeds = makeFeeds({ db, bus, metrics, ...(limits === undefined ? {} : { limits }) });
  const sockets = makeSockets();
  const app = createApp({
    db,
    bus,
    secret: TEST_SECRET,
    vault: platform.vault,
    uploadsDir: "/nowhere",
    publicUrl: null,
    corsOrigins,
    addressOf: (request) => request.headers.get("x-test-address") ?? "192.0.2.1",
    metrics,
    events: feeds,
    sockets,
    limits: NO_LIMITS,
    probes: {},
    site: { ingest: { rtmpPort: 1935, rtmpsPort: null, app: "live" }, sendsMail: false },
    onFailure: (failure) => failures.push(failure),
  });
  const server = Bun.serve<SocketSession>({
    port: 0,
    hostname: "127.0.0.1",
    // Longer than between two signs of life.
    idleTimeout: 60,
    websocket: sockets.handler,
    fetch(request, self) {
      sockets.note(request, self);
      return app.handle(request);
    },
  });
  return {
    port: server.port!,
    feeds,
    metrics,
    failures,
    async stop() {
      await feeds.stop();
      await server.stop(true);
    },
  };
}

export type Received = FeedMessage & { readonly sseId?: string };

export interface FeedClient {
  /** All so far. */
  readonly messages: readonly Received[];
  /** The first message, from the nth on, that fits; waits for it. */
  find(fits: (message: Received) => boolean, from?: number): Promise<Received>;
  /** WebSocket only. */
  say(message: unknown): void;
  /** Resolves when the server has ended it. */
  readonly over: Promise<{ readonly code: number; readonly reason: string }>;
  /** SSE: the last id; WebSocket: what was last seen of each topic, in the same form. */
  position(): string;
  close(): Promise<void>;
}

const PATIENCE = 20_000;

interface Inbox {
  readonly messages: Received[];
  put(message: Received): void;
  find(fits: (message: Received) => boolean, from?: number): Promise<Received>;
}

function makeInbox(): Inbox {
  const messages: Received[] = [];
  const waiting = new Set<() => void>();
  return {
    messages,
    put(message: Received) {
      messages.push(message);
      for (const look of [...waiting]) look();
    },
    find(fits, from = 0) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`The message did not come; there are ${JSON.stringify(messages.slice(-5))}`));
        }, PATIENCE);
        let next = from;
        const look = () => {
          for (; next < messages.length; next++) {
            const message = messages[next]!;
            if (!fits(message)) continue;
            clearTimeout(late);
            waiting.delete(look);
            resolve(message);
            return;
          }
        };
        waiting.add(look);
        look();
      });
    },
  };
}

export interface ConnectOptions {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

/** Resolves when the socket is open; rejects when the server refuses it. */
export async function openSocket(
  { port }: { port: number },
  { query = "", headers = {}, protocols = [] }: ConnectOptions = {},
): Promise<FeedClient & { readonly protocol: string }> {
  const inbox = makeInbox();
  const ids = new Map<string, string>();
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/events${query}`, {
    headers: { ...headers },
    ...(protocols.length === 0 ? {} : { protocols: [...protocols] }),
  });
  const over = Promise.withResolvers<{ code: number; reason: string }>();
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as Received;
    if (message.type === "subscribed") for (const [topic, id] of Object.entries(message.ids)) ids.set(topic, id);
    if ("id" in message) ids.set(message.topic, message.id);
    inbox.put(message);
  });
  socket.addEventListener("close", ({ code, reason }) => over.resolve({ code, reason }));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("The server refused the socket.")));
  });
  return {
    ...inbox,
    protocol: socket.protocol,
    over: over.promise,
    say: (message) =>
      socket.send(typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message)),
    position: () => [...ids].map(([topic, id]) => `${topic}=${id}`).join(","),
    async close() {
      socket.close();
      await over.promise;
    },
  };
}

/** Resolves when the headers are there; throws the problem when it is refused. */
export async function openStream(
  { port }: { port: number },
  { query = "", headers = {} }: ConnectOptions = {},
): Promise<FeedClient & { readonly comments: readonly string[] }> {
  const inbox = makeInbox();
  const comments: string[] = [];
  const abort = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/api/events${query}`, { headers, signal: abort.signal });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  let lastId = "";
  const over = Promise.withResolvers<{ code: number; reason: string }>();
  /** HTML §9.2.6, as much as we send. */
  function frame(text: string): void {
    let data = "";
    let event = "";
    for (const line of text.split("\n")) {
      if (line.startsWith(":")) comments.push(line);
      else if (line.startsWith("id: ")) lastId = line.slice(4);
      else if (line.startsWith("event: ")) event = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (data === "") return;
    const message = JSON.parse(data) as Received;
    if (message.type !== event) throw new Error(`event: ${event} has the data of ${message.type}`);
    inbox.put({ ...message, sseId: lastId });
  }
  void (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const chunk of response.body!) {
        rest += decoder.decode(chunk, { stream: true });
        for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
          frame(rest.slice(0, end));
          rest = rest.slice(end + 2);
        }
      }
      over.resolve({ code: 0, reason: "" });
    } catch (error) {
      over.resolve({ code: -1, reason: String(error) });
    }
  })();
  return {
    ...inbox,
    comments,
    over: over.promise,
    say: () => {
      throw new Error("SSE has one direction.");
    },
    position: () => lastId,
    async close() {
      abort.abort();
      await over.promise;
    },
  };
}

/** Asks until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`It did not come to be: ${what}`);
    await Bun.sleep(5);
  }
}

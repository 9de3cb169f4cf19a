/**
 * The page's one connection to live events (docs/events.md): a WebSocket, server-sent events where no socket gets through. Topics come and go with
 * whoever listens; after a break each goes on where it was. No signals here: `events.ts` has them.
 */
import type { ClientMessage, FeedMessage } from "@streamhub/api/client";

export type Hear = (message: FeedMessage) => void;

export interface Events {
  /** Hears a topic until the returned function is called. */
  listen(topic: string, hear: Hear): () => void;
  /** Connects anew, because what may be heard has changed (a sign-in, a sign-out). */
  reconnect(): void;
  close(): void;
}

/** What is used of WebSocket and EventSource, so that tests can stand in for both. */
export interface EventsOptions {
  readonly origin: string;
  readonly openSocket: (url: string) => WebSocket;
  readonly openSource: (url: string) => EventSource;
  /** Told whenever events begin or cease to arrive. */
  readonly onConnected: (connected: boolean) => void;
  readonly random?: () => number;
}

interface Topic {
  readonly hears: Set<Hear>;
  /** Id of the last event. */
  after: string | null;
}

/** Pauses between attempts; the last one repeats. Spread, so that a restarted server does not meet all its viewers at once. */
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000] as const;
/** Sockets that close before they open, in a row: something between us and the server does not let them through. */
const GIVE_UP_SOCKETS = 2;
/** A page that is being left hands its topics to the next one within this time. */
const LINGER_MS = 3_000;
/** Silence on a socket that is longer than a ping and its answer means that it is dead. */
const PING_MS = 20_000;
const SSE_TYPES = [
  ...["stream.started", "stream.updated", "stream.ended", "stream.sample", "viewers"],
  ...["subscribed", "unsubscribed", "reset", "revoked", "error", "bye"],
] as const;

export function makeEvents({
  origin,
  openSocket,
  openSource,
  onConnected,
  random = Math.random,
}: EventsOptions): Events {
  const topics = new Map<string, Topic>();
  let socket: WebSocket | null = null;
  let source: EventSource | null = null;
  let refusals = 0;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pinging: ReturnType<typeof setInterval> | undefined;
  let heard = true;
  let closed = false;

  const usesSource = () => refusals >= GIVE_UP_SOCKETS;
  const isOpen = () => socket?.readyState === 1;
  const say = (message: ClientMessage) => socket?.send(JSON.stringify(message));

  function subscribe(names: readonly string[]): void {
    const after: Record<string, string> = {};
    for (const name of names) {
      const id = topics.get(name)?.after;
      if (id !== null && id !== undefined) after[name] = id;
    }
    if (names.length > 0) say({ type: "subscribe", topics: [...names], after });
  }

  function receive(text: unknown): void {
    heard = true;
    if (typeof text !== "string") return;
    let message: FeedMessage;
    try {
      message = JSON.parse(text) as FeedMessage;
    } catch {
      return;
    }
    if (message.type === "subscribed") {
      failures = 0;
      onConnected(true);
      for (const [name, id] of Object.entries(message.ids)) {
        const topic = topics.get(name);
        if (topic !== undefined) topic.after ??= id;
      }
    }
    if (!("topic" in message) || message.topic === undefined) return;
    const topic = topics.get(message.topic);
    if (topic === undefined) return;
    if ("id" in message) topic.after = message.id;
    if (message.type === "reset" || message.type === "revoked") topic.after = null;
    for (const hear of [...topic.hears]) hear(message);
  }

  function drop(): void {
    clearTimeout(timer);
    clearInterval(pinging);
    timer = undefined;
    const [oldSocket, oldSource] = [socket, source];
    socket = null;
    source = null;
    oldSocket?.close();
    oldSource?.close();
    onConnected(false);
  }

  function retry(): void {
    drop();
    if (closed || topics.size === 0) return;
    const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0;
    failures += 1;
    timer = setTimeout(connect, pause * (0.6 + 0.8 * random()));
  }

  function connect(): void {
    clearTimeout(timer);
    timer = undefined;
    if (closed || topics.size === 0) return;
    if (usesSource()) connectSource();
    else connectSocket();
  }

  function connectSocket(): void {
    const mine = openSocket(`${origin.replace(/^http/, "ws")}/api/events`);
    socket = mine;
    let opened = false;
    mine.onopen = () => {
      opened = true;
      refusals = 0;
      heard = true;
      subscribe([...topics.keys()]);
      pinging = setInterval(() => {
        if (!heard) return retry();
        heard = false;
        say({ type: "ping" });
      }, PING_MS);
    };
    mine.onmessage = ({ data }) => {
      if (mine === socket) receive(data);
    };
    mine.onclose = () => {
      if (mine !== socket) return;
      if (!opened) refusals += 1;
      retry();
    };
  }

  function connectSource(): void {
    const query = new URLSearchParams({ topics: [...topics.keys()].join(",") });
    const places = [...topics].flatMap(([name, { after }]) => (after === null ? [] : [`${name}=${after}`]));
    if (places.length > 0) query.set("lastEventId", places.join(","));
    const mine = openSource(`${origin}/api/events?${query}`);
    source = mine;
    for (const type of SSE_TYPES)
      mine.addEventListener(type, (event) => {
        // The browser's own "error" carries no data.
        if (mine === source && "data" in event) receive((event as MessageEvent).data);
      });
    mine.onopen = () => mine === source && onConnected(true);
    mine.onerror = (event) => {
      if (mine === source && !("data" in event)) retry();
    };
  }

  function changed(add: string | null): void {
    if (closed) return;
    if (socket !== null) {
      if (add !== null && isOpen()) subscribe([add]);
      return;
    }
    if (source !== null || timer === undefined) {
      // Server-sent events name their topics when they begin. Several pieces of a page come at once.
      drop();
      timer = setTimeout(connect, 20);
    }
  }

  function forget(name: string): void {
    if (topics.get(name)?.hears.size !== 0) return;
    topics.delete(name);
    if (topics.size === 0) drop();
    else if (isOpen()) say({ type: "unsubscribe", topics: [name] });
    else if (source !== null) changed(null);
  }

  return {
    listen(name, hear) {
      const known = topics.get(name);
      const topic: Topic = known ?? { hears: new Set(), after: null };
      topics.set(name, topic);
      topic.hears.add(hear);
      if (known === undefined) changed(name);
      return () => {
        topic.hears.delete(hear);
        if (topic.hears.size === 0) setTimeout(() => forget(name), LINGER_MS);
      };
    },
    reconnect() {
      if (topics.size === 0) return;
      failures = 0;
      drop();
      timer = setTimeout(connect, 20);
    },
    close() {
      closed = true;
      drop();
    },
  };
}

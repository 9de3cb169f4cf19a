import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import type { FeedMessage } from "@streamhub/api/client";
import { type Events, makeEvents } from "./make-events.ts";

class Socket {
  readyState = 0;
  readonly sent: { type: string; topics?: string[]; after?: Record<string, string> }[] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage = (_event: { data: string }) => {};
  send = (text: string) => this.sent.push(JSON.parse(text));
  close = () => {
    this.readyState = 3;
  };
  open() {
    this.readyState = 1;
    this.onopen();
  }
  say(message: unknown) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}
class Source extends EventTarget {
  onopen = () => {};
  onerror = (_event: Event) => {};
  constructor(readonly url: string) {
    super();
  }
  close() {}
}

let events: Events;
let sockets: Socket[];
let sources: Source[];
let connected: boolean[];

beforeEach(() => {
  jest.useFakeTimers();
  sockets = [];
  sources = [];
  connected = [];
  events = makeEvents({
    origin: "https://tv.example",
    openSocket: () => {
      const socket = new Socket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    openSource: (url) => {
      const source = new Source(url);
      sources.push(source);
      return source as unknown as EventSource;
    },
    onConnected: (is) => connected.push(is),
    random: () => 0.5,
  });
});
afterEach(() => {
  events.close();
  jest.useRealTimers();
});

const started = (id: string) => ({ type: "stream.started", topic: "streams", id, data: { streamId: 1 } });
const subscribed = { type: "subscribed", topics: ["streams"], ids: { streams: "5-0" } };

function listen(topic = "streams"): { heard: FeedMessage[]; stop: () => void } {
  const heard: FeedMessage[] = [];
  return { heard, stop: events.listen(topic, (message) => heard.push(message)) };
}

test("one socket for all who listen, which names its topics when it opens and later", () => {
  const first = listen();
  const second = listen();
  jest.advanceTimersByTime(50);
  expect(sockets).toHaveLength(1);
  sockets[0]!.open();
  sockets[0]!.say(subscribed);
  expect(connected.at(-1)).toBe(true);
  listen("channel:3");
  expect(sockets[0]!.sent.map(({ type, topics }) => [type, topics])).toEqual([
    ["subscribe", ["streams"]],
    ["subscribe", ["channel:3"]],
  ]);
  sockets[0]!.say(started("6-0"));
  expect([first.heard.length, second.heard.length]).toEqual([1, 1]);
});

test("after a break it goes on behind the last event, and before the first one where the topic began", () => {
  listen();
  jest.advanceTimersByTime(50);
  sockets[0]!.open();
  sockets[0]!.say(subscribed);
  sockets[0]!.onclose();
  expect(connected.at(-1)).toBe(false);
  jest.advanceTimersByTime(1_000);
  sockets[1]!.open();
  expect(sockets[1]!.sent[0]!.after).toEqual({ streams: "5-0" });
  sockets[1]!.say(started("9-0"));
  sockets[1]!.onclose();
  jest.advanceTimersByTime(5_000);
  sockets[2]!.open();
  expect(sockets[2]!.sent[0]!.after).toEqual({ streams: "9-0" });
});

test("where no socket gets through, events come from the server's own stream", () => {
  const { heard } = listen();
  jest.advanceTimersByTime(50);
  sockets[0]!.onclose();
  jest.advanceTimersByTime(2_000);
  sockets[1]!.onclose();
  jest.advanceTimersByTime(5_000);
  expect(sockets).toHaveLength(2);
  expect(sources[0]!.url).toBe("https://tv.example/api/events?topics=streams");
  sources[0]!.onopen();
  expect(connected.at(-1)).toBe(true);
  sources[0]!.dispatchEvent(new MessageEvent("stream.started", { data: JSON.stringify(started("7-0")) }));
  expect(heard).toHaveLength(1);
  // The next page listens to more: named in a new address, behind what was heard.
  listen("channel:3");
  jest.advanceTimersByTime(50);
  expect(new URL(sources[1]!.url).searchParams.get("topics")).toBe("streams,channel:3");
  expect(new URL(sources[1]!.url).searchParams.get("lastEventId")).toBe("streams=7-0");
});

test("a page that is left hands its topics on; when nobody listens, nothing is open", () => {
  const { stop } = listen();
  jest.advanceTimersByTime(50);
  sockets[0]!.open();
  stop();
  const next = listen();
  jest.advanceTimersByTime(10_000);
  expect(sockets[0]!.sent.some(({ type }) => type === "unsubscribe")).toBe(false);
  next.stop();
  jest.advanceTimersByTime(10_000);
  expect(sockets[0]!.readyState).toBe(3);
  expect(sockets).toHaveLength(1);
});

test("a socket that falls silent is replaced", () => {
  listen();
  jest.advanceTimersByTime(50);
  sockets[0]!.open();
  jest.advanceTimersByTime(20_000);
  expect(sockets[0]!.sent.at(-1)).toEqual({ type: "ping" });
  jest.advanceTimersByTime(25_000);
  expect(sockets.length).toBeGreaterThan(1);
});

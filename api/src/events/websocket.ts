/** The feed over WebSocket: JSON texts both ways. */
import { Value } from "@sinclair/typebox/value";
import type { Actor } from "../auth/guard.ts";
import type { ProblemCode } from "../error.ts";
import type { Socket, SocketSession } from "../sockets.ts";
import type { Client, Pipe } from "./client.ts";
import type { Feeds, Seat } from "./feeds.ts";
import type { Ending } from "./metrics.ts";
import { type ClientMessage, EVENT_LIMITS, PingMessage, SubscribeMessage, UnsubscribeMessage } from "./model.ts";
import type { Positions } from "./positions.ts";
import { parseTopic, type Topic } from "./topics.ts";

/** Named by clients that also say their access token there (`bearer.TOKEN`): a browser gives them no other place. */
export const SUBPROTOCOL = "streamhub.events.v1";

/** RFC 6455 §7.4; 4401 is ours. */
const CLOSE_CODES: Readonly<Record<Exclude<Ending, "left" | "slow">, number>> = {
  session: 4401,
  flood: 1008,
  unchecked: 1013,
  stopping: 1001,
};
/** Under this, what is still on its way does not count. Bytes. */
const LITTLE = 16 * 1_024;
/** Messages of one client that wait for those before them. */
const MAX_PENDING = 30;

export interface SocketRequest {
  readonly actor: Actor | null;
  readonly seat: Seat;
  /** From the address of the request: as if subscribed to by the first message. */
  readonly topics: readonly Topic[];
  readonly after: Positions;
}

const SCHEMAS = { subscribe: SubscribeMessage, unsubscribe: UnsubscribeMessage, ping: PingMessage } as const;

type Read = { readonly message: ClientMessage } | { readonly code: ProblemCode; readonly detail: string };

export function readMessage(given: string | Buffer): Read {
  if (typeof given !== "string") return { code: "request.unreadable", detail: "Send JSON as text, not as binary." };
  if (given.length > EVENT_LIMITS.message)
    return { code: "request.too-large", detail: `A message has at most ${EVENT_LIMITS.message} characters.` };
  let value: unknown;
  try {
    value = JSON.parse(given);
  } catch {
    return { code: "request.unreadable", detail: "The message is not JSON." };
  }
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  const known = Object.entries(SCHEMAS).find(([name]) => name === type)?.[1];
  if (known === undefined)
    return { code: "request.invalid", detail: `Expected {"type": …} with one of ${Object.keys(SCHEMAS).join(", ")}.` };
  const wrong = Value.Errors(known, value).First();
  if (wrong !== undefined) return { code: "request.invalid", detail: `${wrong.path || "/"}: ${wrong.message}.` };
  return { message: value as ClientMessage };
}

export function makeSocketSession(feeds: Feeds, { actor, seat, topics, after }: SocketRequest): SocketSession {
  const { burst, perSecond, buffered } = feeds.limits;
  let client: Client | null = null;
  let roomy: (() => void)[] = [];
  let tokens: number = burst;
  let filledAt = performance.now();
  let pending = 0;
  /** One message after the other, as they came. */
  let work: Promise<void> = Promise.resolve();

  function makeRoom(): void {
    for (const resolve of roomy) resolve();
    roomy = [];
  }

  const pipeOf = (socket: Socket): Pipe => ({
    write({ json }) {
      // 0: not even taken. The limit counts what the operating system has not taken yet.
      return socket.send(json) !== 0 && socket.getBufferedAmount() <= buffered;
    },
    room: () =>
      socket.getBufferedAmount() <= LITTLE ? Promise.resolve() : new Promise((resolve) => roomy.push(resolve)),
    end(why, lastWords) {
      makeRoom();
      if (why === "left") return;
      // A close frame would only wait behind all that the client does not read.
      if (why === "slow") {
        socket.terminate();
        return;
      }
      if (lastWords !== null) socket.send(lastWords.json);
      socket.close(CLOSE_CODES[why]);
    },
  });

  function mayTalk(): boolean {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    tokens -= 1;
    return tokens >= 0;
  }

  async function subscribe(of: Client, wanted: readonly Topic[], seen: Positions): Promise<void> {
    const added = wanted.filter(({ name }) => !of.listensTo(name));
    if (of.topics().length + added.length > EVENT_LIMITS.topics) {
      const detail = `At most ${EVENT_LIMITS.topics} topics in one connection.`;
      of.notify({ type: "error", code: "limit.exceeded", detail });
      return;
    }
    const decisions = await feeds.decide(of.actor, wanted);
    const granted = wanted.flatMap((topic, index) => {
      const decision = decisions[index]!;
      if (decision.kind === "granted") return [{ topic, manages: decision.manages }];
      const detail = "You may not listen to this topic, or it does not exist.";
      of.notify({ type: "error", code: decision.code, detail, topic: topic.name });
      return [];
    });
    if (granted.length > 0) await of.subscribe(granted, seen);
  }

  function topicsOf(of: Client, names: readonly string[]): Topic[] {
    return [...new Set(names)].flatMap((name) => {
      const topic = parseTopic(name);
      if (topic !== null) return [topic];
      of.notify({ type: "error", code: "request.invalid", detail: "There is no such topic.", topic: name });
      return [];
    });
  }

  async function act(of: Client, message: ClientMessage): Promise<void> {
    switch (message.type) {
      case "ping":
        return of.notify({ type: "pong" });
      case "unsubscribe":
        return of.unsubscribe([...new Set(message.topics)]);
      case "subscribe":
        await subscribe(of, topicsOf(of, message.topics), new Map(Object.entries(message.after ?? {})));
    }
  }

  function later(of: Client, task: () => Promise<void>): void {
    pending++;
    work = work
      .then(task)
      .catch(() =>
        of.notify({ type: "error", code: "server.unavailable", detail: "This can't be looked up now; try again." }),
      )
      .finally(() => {
        pending--;
      });
  }

  return {
    open(socket) {
      const made = feeds.connect("websocket", actor, seat, pipeOf(socket));
      client = made;
      if (topics.length > 0) later(made, () => subscribe(made, topics, after));
    },
    message(_socket, given) {
      if (client === null) return;
      if (!mayTalk() || pending >= MAX_PENDING) {
        client.end("flood");
        return;
      }
      const of = client;
      const read = readMessage(given);
      // Refusals keep their place among the answers.
      later(of, async () => ("message" in read ? act(of, read.message) : of.notify({ type: "error", ...read })));
    },
    drain(socket) {
      if (socket.getBufferedAmount() <= LITTLE) makeRoom();
    },
    close: () => client?.end("left"),
  };
}

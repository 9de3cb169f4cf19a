/** One connection: what it listens to, how far it has read, and what it may hear. It knows nothing of its transport. */
import { isLater } from "@streamhub/db/bus/event-id";
import { type Actor, credentialOf } from "../auth/guard.ts";
import type { ProblemCode } from "../error.ts";
import type { Hub } from "./hub.ts";
import type { Ending } from "./metrics.ts";
import type { FeedNotice } from "./model.ts";
import { formatPositions, NOWHERE, type Positions } from "./positions.ts";
import { decide, type Rights } from "./rights.ts";
import { isKept, type Topic } from "./topics.ts";
import { type Wording, word } from "./wording.ts";

/** The way to a client. */
export interface Pipe {
  /** False: the client does not read what it is sent. `position`: how far it has read with this one. */
  write(wording: Wording, position: () => string): boolean;
  /** Resolves when little of what was written is still on its way, or the connection is over. */
  room(): Promise<void>;
  /** Ends the connection, after the last words if there are any. */
  end(why: Ending, lastWords: Wording | null): void;
}

export interface Granted {
  readonly topic: Topic;
  /** Hears of its channel when that is private, too. */
  readonly manages: boolean;
}

export interface Client {
  readonly actor: Actor | null;
  topics(): readonly Topic[];
  listensTo(topic: string): boolean;
  /** Resolves when all that was missed is sent. */
  subscribe(granted: readonly Granted[], after: Positions): Promise<void>;
  unsubscribe(topics: readonly string[]): void;
  notify(notice: FeedNotice): void;
  /** Says that events of kept topics may be missing. */
  reset(): void;
  /** Takes away what it may not hear any more, of the topics that were asked about; `actors`: by session, those that go on. */
  recheck(actors: ReadonlyMap<string, Actor>, rights: Rights, topics: ReadonlySet<string>): void;
  /** Idempotent. */
  end(why: Ending): void;
}

export interface ClientOptions {
  readonly hub: Hub;
  readonly actor: Actor | null;
  readonly pipe: Pipe;
  readonly onSent: () => void;
  readonly onEnd: (why: Ending) => void;
}

interface Subscription {
  readonly topic: Topic;
  manages: boolean;
  position: string;
  /** What comes while the past is being read; null once it is. */
  waiting: Wording[] | null;
  leave: (() => void) | null;
}

/** Messages that are written in one go while a client catches up. */
const BATCH = 50;
/** More than the bus keeps: whoever has so much to hear still does not read. */
const MAX_WAITING = 5_000;

const LAST_WORDS: Readonly<Partial<Record<Ending, { code: ProblemCode; detail: string }>>> = {
  session: { code: "auth.invalid", detail: "The session is over." },
  flood: { code: "limit.exceeded", detail: "Too many messages." },
  unchecked: { code: "server.unavailable", detail: "Your rights can't be looked up; connect again later." },
  stopping: { code: "server.unavailable", detail: "The server stops; connect again." },
};

export function makeClient({ hub, actor: first, pipe, onSent, onEnd }: ClientOptions): Client {
  let actor = first;
  let ended = false;
  const subscriptions = new Map<string, Subscription>();

  const position = () =>
    formatPositions(
      [...subscriptions.values()].filter(({ topic }) => isKept(topic)).map((each) => [each.topic.name, each.position]),
    );

  function send(wording: Wording): void {
    if (ended) return;
    if (pipe.write(wording, position)) onSent();
    else end("slow");
  }

  const notify = (notice: FeedNotice) => send(word(notice));

  function drop(subscription: Subscription): void {
    subscription.leave?.();
    if (subscriptions.get(subscription.topic.name) === subscription) subscriptions.delete(subscription.topic.name);
  }

  const goesOn = (subscription: Subscription) => !ended && subscriptions.get(subscription.topic.name) === subscription;

  function revoke(subscription: Subscription, code: ProblemCode): void {
    drop(subscription);
    notify({ type: "revoked", topic: subscription.topic.name, code });
  }

  function deliver(subscription: Subscription, wording: Wording): void {
    if (wording.id !== "") {
      if (!isLater(wording.id, subscription.position)) return;
      subscription.position = wording.id;
    }
    // Its channel became private since this client was let in.
    if (wording.isPrivate && !subscription.manages) revoke(subscription, "channel.not-found");
    else send(wording);
  }

  async function join(subscription: Subscription, after: string | undefined): Promise<string | null> {
    const listener = {
      hear(wording: Wording) {
        if (!goesOn(subscription)) return;
        if (subscription.waiting === null) deliver(subscription, wording);
        else if (subscription.waiting.push(wording) > MAX_WAITING) end("slow");
      },
      miss() {
        if (goesOn(subscription) && isKept(subscription.topic))
          notify({ type: "reset", topic: subscription.topic.name });
      },
    };
    const joined = await hub.join(subscription.topic, listener, () => goesOn(subscription));
    if (joined === null) return null;
    subscription.leave = joined.leave;
    subscription.position = after ?? joined.position;
    return joined.position;
  }

  /** Sends what came after the last event that the client saw, then what came meanwhile, as fast as it reads. */
  async function catchUp(subscription: Subscription, began: string, after: string | undefined): Promise<void> {
    const { topic } = subscription;
    const past = after === undefined ? [] : await hub.past(topic, after);
    if (!goesOn(subscription)) return;
    const waiting = subscription.waiting ?? [];
    if (past === null) {
      subscription.position = began;
      notify({ type: "reset", topic: topic.name });
    } else {
      // A channel may have been private for a while: that is not for who may listen since.
      waiting.unshift(...past.filter(({ isPrivate }) => !isPrivate || subscription.manages));
    }
    while (waiting.length > 0) {
      for (const wording of waiting.splice(0, BATCH)) if (goesOn(subscription)) deliver(subscription, wording);
      if (waiting.length > 0) await pipe.room();
      if (!goesOn(subscription)) return;
    }
    subscription.waiting = null;
  }

  function end(why: Ending): void {
    if (ended) return;
    const words = LAST_WORDS[why];
    ended = true;
    for (const subscription of [...subscriptions.values()]) drop(subscription);
    pipe.end(why, words === undefined ? null : word({ type: "bye", ...words }));
    onEnd(why);
  }

  return {
    get actor() {
      return actor;
    },
    topics: () => [...subscriptions.values()].map(({ topic }) => topic),
    listensTo: (topic) => subscriptions.has(topic),
    async subscribe(granted, after) {
      const added: { subscription: Subscription; began: string; after: string | undefined }[] = [];
      await Promise.all(
        granted.map(async ({ topic, manages }) => {
          if (ended || subscriptions.has(topic.name)) return;
          const subscription: Subscription = { topic, manages, position: NOWHERE, waiting: [], leave: null };
          subscriptions.set(topic.name, subscription);
          const seen = isKept(topic) ? after.get(topic.name) : undefined;
          const began = await join(subscription, seen);
          if (began !== null) added.push({ subscription, began, after: seen });
        }),
      );
      const topics = granted.map(({ topic }) => topic.name).filter((name) => subscriptions.has(name));
      const ids: Record<string, string> = {};
      for (const name of topics) {
        const subscription = subscriptions.get(name);
        if (subscription !== undefined && isKept(subscription.topic)) ids[name] = subscription.position;
      }
      notify({ type: "subscribed", topics, ids });
      await Promise.all(added.map((each) => catchUp(each.subscription, each.began, each.after)));
    },
    unsubscribe(topics) {
      for (const name of topics) {
        const subscription = subscriptions.get(name);
        if (subscription !== undefined) drop(subscription);
      }
      notify({ type: "unsubscribed", topics });
    },
    notify,
    reset() {
      for (const { topic } of [...subscriptions.values()])
        if (isKept(topic)) notify({ type: "reset", topic: topic.name });
    },
    recheck(actors, rights, topics) {
      if (ended) return;
      if (actor !== null) {
        const now = actors.get(credentialOf(actor));
        if (now === undefined) {
          end("session");
          return;
        }
        actor = now;
      }
      for (const subscription of [...subscriptions.values()]) {
        if (!topics.has(subscription.topic.name)) continue;
        const decision = decide(subscription.topic, actor, rights);
        if (decision.kind === "granted") subscription.manages = decision.manages;
        else revoke(subscription, decision.code);
      }
    },
    end,
  };
}

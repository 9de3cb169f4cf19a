/** What the event feed and its clients say to each other; docs/events.md explains it. */
import type { StreamChange, ViewersChange } from "@streamhub/db";
import { type Static, t } from "elysia";
import type { ChatMessage, ChatRoom } from "../chat/model.ts";
import type { ProblemCode } from "../error.ts";
import type { Sample } from "../streams/sample.ts";

export const EVENT_LIMITS = {
  /** Topics of one connection. */
  topics: 50,
  /** Characters of one message of a client. */
  message: 4_096,
} as const;

export const EventsQuery = t.Object({
  topics: t.Optional(
    t.String({
      maxLength: 1_500,
      description:
        "Topics with commas between: streams, viewers, channel:ID, chat:CHANNELID, owner:STREAMID. Without it SSE gets streams, a WebSocket nothing yet",
    }),
  ),
  lastEventId: t.Optional(
    t.String({
      maxLength: 4_000,
      description: "The last id that was received, of whichever connection; as Last-Event-ID",
    }),
  ),
});

/** As `isEventId` has it, for messages that say what is wrong. */
const EVENT_ID = "^[0-9]{1,16}-[0-9]{1,16}$";
const TopicNames = t.Array(t.String({ maxLength: 40 }), { minItems: 1, maxItems: EVENT_LIMITS.topics });

export const SubscribeMessage = t.Object({
  type: t.Literal("subscribe"),
  topics: TopicNames,
  /** Topic -> id of the last event received. */
  after: t.Optional(t.Record(t.String(), t.String({ pattern: EVENT_ID }))),
});
export const UnsubscribeMessage = t.Object({ type: t.Literal("unsubscribe"), topics: TopicNames });
export const PingMessage = t.Object({ type: t.Literal("ping") });

/** What a WebSocket client may say. */
export type ClientMessage =
  | Static<typeof SubscribeMessage>
  | Static<typeof UnsubscribeMessage>
  | Static<typeof PingMessage>;

/** A broadcast has started, ended, or says something else of itself; `id` is where to resume from. */
export interface StreamEvent {
  readonly type: StreamChange["type"];
  readonly topic: string;
  readonly id: string;
  readonly data: Omit<StreamChange, "type">;
}

/** Those that have changed. */
export interface ViewersEvent {
  readonly type: "viewers";
  readonly topic: string;
  readonly data: readonly ViewersChange[];
}

/** For the owner, once a second. */
export interface SampleEvent {
  readonly type: "stream.sample";
  readonly topic: string;
  readonly data: Sample & { readonly streamId: number; readonly at: string };
}

interface ChatWord<T extends string, D> {
  readonly type: T;
  readonly topic: string;
  readonly id: string;
  readonly data: D;
}

/** Of a channel's chat. */
export type ChatEvent =
  | ChatWord<"chat.message", ChatMessage>
  | ChatWord<"chat.deleted", { readonly messageId: number }>
  /** Somebody was banned: what they said lately is gone. */
  | ChatWord<"chat.cleared", { readonly userId: number }>
  | ChatWord<"chat.settings", ChatRoom>;

/** What a topic tells. */
export type TopicEvent = StreamEvent | ViewersEvent | SampleEvent | ChatEvent;

/** What the feed says about itself. */
export type FeedNotice =
  /** `ids`: where each topic that is kept begins; give it back as `after` when you reconnect before its first event. */
  | { readonly type: "subscribed"; readonly topics: readonly string[]; readonly ids: Readonly<Record<string, string>> }
  | { readonly type: "unsubscribed"; readonly topics: readonly string[] }
  /** Events may be missing: read the topic's present state anew. */
  | { readonly type: "reset"; readonly topic: string }
  /** You may not listen to this topic any more. */
  | { readonly type: "revoked"; readonly topic: string; readonly code: ProblemCode }
  /** A message was refused; the connection goes on. */
  | { readonly type: "error"; readonly code: ProblemCode; readonly detail: string; readonly topic?: string }
  | { readonly type: "pong" }
  /** The last words before the server ends the connection. */
  | { readonly type: "bye"; readonly code: ProblemCode; readonly detail: string };

export type FeedMessage = TopicEvent | FeedNotice;

/** From the bus into the feed's words. Each message is made once, for all clients that get it. */
import type { Static, TObject, TProperties } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type BusEvent, STREAMS_TOPIC, type ViewersChange } from "@streamhub/db";
import { t } from "elysia";
import { ChatMessageSchema, ChatRoomSchema } from "../chat/model.ts";
import { SampleSchema } from "../streams/sample.ts";
import type { ChatEvent, FeedMessage, TopicEvent } from "./model.ts";

/** A message in the words of both transports. */
export interface Wording {
  /** Of the topic, for events that are kept; "" otherwise. */
  readonly id: string;
  /** About a private channel: for those who manage it alone. */
  readonly isPrivate: boolean;
  readonly json: string;
  /** Without its id, which is each client's own. */
  readonly sse: string;
}

export function word(message: FeedMessage, id = "", isPrivate = false): Wording {
  // JSON.stringify leaves no line break in it.
  const json = JSON.stringify(message);
  return { id, isPrivate, json, sse: `event: ${message.type}\ndata: ${json}\n` };
}

const Visibility = t.Union([t.Literal("public"), t.Literal("unlisted"), t.Literal("private")]);
const Change = t.Object({
  type: t.Union([t.Literal("stream.started"), t.Literal("stream.updated"), t.Literal("stream.ended")]),
  streamId: t.Integer(),
  channelId: t.Integer(),
  slug: t.String(),
  visibility: Visibility,
  at: t.String(),
});
const Viewers = t.Object({ streamId: t.Integer(), channelId: t.Integer(), viewers: t.Integer({ minimum: 0 }) });
const TimedSample = t.Object({ streamId: t.Integer(), at: t.String(), ...SampleSchema.properties });

const Chat = t.Object({ type: t.String(), visibility: Visibility, data: t.Unknown() });
const CHAT_DATA: { readonly [K in ChatEvent["type"]]: TObject } = {
  "chat.message": ChatMessageSchema,
  "chat.deleted": t.Object({ messageId: t.Integer() }),
  "chat.cleared": t.Object({ userId: t.Integer() }),
  "chat.settings": ChatRoomSchema,
};

const parsed = (data: string): unknown => {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
};

/** Only what the schema names goes out; null for what does not fit it: whoever reaches the bus may write on it. */
const fit = <P extends TProperties>(schema: TObject<P>, value: unknown): Static<TObject<P>> | null =>
  Value.Check(schema, value) ? (Value.Clean(schema, value) as Static<TObject<P>>) : null;

const read = <P extends TProperties>(schema: TObject<P>, data: string) => fit(schema, parsed(data));

export const readViewers = (event: BusEvent): ViewersChange | null => read(Viewers, event.data);

export const wordViewers = (topic: string, data: readonly ViewersChange[]): Wording =>
  word({ type: "viewers", topic, data });

function wordChat({ id, topic, data: text }: BusEvent): Wording | null {
  const change = read(Chat, text);
  const schema = change === null ? undefined : CHAT_DATA[change.type as ChatEvent["type"]];
  if (change === null || schema === undefined) return null;
  const data = fit(schema, change.data);
  if (data === null) return null;
  return word({ type: change.type, topic, id, data } as ChatEvent, id, change.visibility === "private");
}

/** What a topic's own event says to its clients; null when it is not for them. */
export function wordEvent({ id, topic, data }: BusEvent): Wording | null {
  if (topic.startsWith("owner:")) {
    const sample = read(TimedSample, data);
    return sample === null ? null : word({ type: "stream.sample", topic, data: sample });
  }
  if (topic.startsWith("chat:")) return wordChat({ id, topic, data });
  const change = read(Change, data);
  if (change === null) return null;
  const { type, ...rest } = change;
  // The bus tells unlisted channels on the common topic too, for our own processes; to clients they are for who knows them.
  const isCommon = topic === STREAMS_TOPIC;
  if (isCommon && rest.visibility !== "public") return null;
  const event: TopicEvent = { type, topic, id, data: rest };
  return word(event, id, rest.visibility === "private");
}

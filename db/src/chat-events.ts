/** What all processes are told about chats. Published once the database has it. */
import type { Bus } from "./bus/bus.ts";
import type { Visibility } from "./model.ts";

export const chatTopic = (channelId: number): string => `chat:${channelId}`;

/** `data`: what docs/events.md says of each type, in JSON. */
export interface ChatChange {
  readonly type: "chat.message" | "chat.deleted" | "chat.cleared" | "chat.settings";
  /** Of the channel, as it was then: what is private is told to nobody else. */
  readonly visibility: Visibility;
  readonly data: unknown;
}

export const publishChatChange = (bus: Bus, channelId: number, change: ChatChange): Promise<void> =>
  bus.events.publish(chatTopic(channelId), JSON.stringify(change));

/** The shapes of a chat, and what a page asks of it. */
import { client } from "../live/client.ts";
import { outcomeOf, type Problem } from "../session/problem.ts";

const route = (channelId: number) => client.api.channels({ id: channelId }).chat;
type Data<T> = T extends { ok: true; value: infer V } ? V : never;

export const readChat = (channelId: number) => outcomeOf(route(channelId).get());
export const readMessages = (channelId: number, query: { limit: number; cursor?: string }) =>
  outcomeOf(route(channelId).messages.get({ query }));

/** How it is run, and how the reader stands in it. */
export type Chat = Data<Awaited<ReturnType<typeof readChat>>>;
export type ChatMessage = Data<Awaited<ReturnType<typeof readMessages>>>["items"][number];

const PAGE = 100;
/** A minute of the liveliest chat. */
const MOST_PAGES = 40;

/** All of a stretch of a broadcast, in seconds of it. Null: it did not arrive. */
export async function readStretch(streamId: number, from: number, to: number): Promise<readonly ChatMessage[] | null> {
  const found: ChatMessage[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query: { from: number; to: number; limit: number; cursor?: string } = { from, to, limit: PAGE };
    if (cursor !== null) query.cursor = cursor;
    const outcome = await outcomeOf(client.api.streams({ id: streamId }).chat.get({ query }));
    if (!outcome.ok) return null;
    found.push(...outcome.value.items);
    cursor = outcome.value.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

const problemOf = async (asked: ReturnType<typeof outcomeOf>): Promise<Problem | null> => {
  const outcome = await asked;
  return outcome.ok ? null : outcome.problem;
};

export const postMessage = (channelId: number, text: string, replyTo: number | null, mediaAt: string | null) =>
  outcomeOf(route(channelId).messages.post({ text, replyTo, mediaAt }));
export const deleteMessage = (channelId: number, messageId: number) =>
  problemOf(outcomeOf(route(channelId).messages({ messageId }).delete()));
/** `seconds`: null for ever. */
export const banPerson = (channelId: number, userId: number, seconds: number | null) =>
  problemOf(outcomeOf(route(channelId).bans({ userId }).put({ seconds })));
export const unbanPerson = (channelId: number, userId: number) =>
  problemOf(outcomeOf(route(channelId).bans({ userId }).delete()));
export const nameModerator = (channelId: number, userId: number) =>
  problemOf(outcomeOf(route(channelId).moderators({ userId }).put()));
export const dismissModerator = (channelId: number, userId: number) =>
  problemOf(outcomeOf(route(channelId).moderators({ userId }).delete()));
export const readBans = (channelId: number) => outcomeOf(route(channelId).bans.get({ query: { limit: 100 } }));
export const readModerators = (channelId: number) => outcomeOf(route(channelId).moderators.get());

export type ChatChange = Partial<Pick<Chat, "isOn" | "slowSeconds" | "followersOnly">> & {
  readonly blockedWords?: string[];
};
export const changeChat = (channelId: number, change: ChatChange) => outcomeOf(route(channelId).put(change));

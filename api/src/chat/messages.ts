/** Saying something in a chat, reading what was said, and taking it back. */
import { makeViewerCookie, publishChatChange, queries } from "@streamhub/db";
import type { Static } from "elysia";
import type { Actor } from "../auth/guard.ts";
import { viewerOf } from "../channels/service.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";
import { chatAccess, type Place, refusalOf } from "./access.ts";
import type { ChatMessage, PostMessageBody, ReplayQuery } from "./model.ts";
import { hasBlockedWord } from "./words.ts";

/** Of one account, in all chats together. */
const RATE = { limit: 8, window: 10_000 };

const present = (message: queries.ChatMessage): ChatMessage => toJson(message);
const presentPage = ({ items, nextCursor }: { items: queries.ChatMessage[]; nextCursor: string | null }) => ({
  items: items.map(present),
  nextCursor,
});

export interface Said {
  readonly message: ChatMessage;
  /** To be set in a browser that has none. */
  readonly cookie: string | null;
}

export function chatMessages(services: Services) {
  const { db, bus, now = Date.now } = services;
  const access = chatAccess(services);

  /** Throws what forbids it to write at all. */
  async function requireVoice(actor: Actor, place: Place): Promise<void> {
    const refusal = refusalOf(place);
    if (refusal === null) return;
    const { ban, channelId } = place.standing;
    if (refusal !== "chat.banned" || ban === null) throw new AppError(refusal);
    // The next name from this browser is refused as well.
    if (!ban.isOfBrowser && place.browser !== null)
      await queries.addBannedBrowser(db, channelId, actor.userId, place.browser);
    throw new AppError("chat.banned", ban.until === null ? undefined : `Until ${ban.until.toISOString()}.`);
  }

  async function requirePause(actor: Actor, { standing, mayModerate }: Place): Promise<void> {
    const often = await bus.limits.hit(`chat:${actor.userId}`, RATE);
    if (!often.allowed) throw new AppError("limit.exceeded", "Write more slowly.", undefined, often.retryAfter / 1_000);
    const { slowSeconds } = standing.settings;
    if (slowSeconds === 0 || mayModerate) return;
    // The seconds are in the name because a key keeps its rule.
    const key = `chat-slow:${standing.channelId}:${slowSeconds}:${actor.userId}`;
    const slow = await bus.limits.hit(key, { limit: 1, window: slowSeconds * 1_000 });
    if (!slow.allowed)
      throw new AppError("chat.slow-mode", `One message in ${slowSeconds} s.`, undefined, slow.retryAfter / 1_000);
  }

  /** Within the broadcast: nobody says something about what is yet to come. */
  function mediaTime({ live }: Place["standing"], given: string | null | undefined): Date | null {
    if (live === null) return null;
    const said = given === null || given === undefined ? now() : Date.parse(given);
    return new Date(Math.max(live.startedAt.getTime(), Math.min(said, now())));
  }

  return {
    /** Throws `channel.not-found`. */
    async list(actor: Actor | null, channelId: number, { limit = DEFAULT_LIMIT, cursor }: PageQuery) {
      await access.enter(actor, channelId, null);
      return presentPage(await queries.listChatMessages(db, channelId, { limit, cursor }));
    },

    /** Throws `stream.not-found`. */
    async replay(actor: Actor | null, streamId: number, query: Static<typeof ReplayQuery>) {
      const { from = 0, to, limit = DEFAULT_LIMIT, cursor } = query;
      const stream = await queries.getStream(db, streamId, viewerOf(actor));
      if (stream === null) throw new AppError("stream.not-found");
      if (stream.startedAt === null) return { items: [], nextCursor: null };
      const at = (seconds: number) => new Date((stream.startedAt?.getTime() ?? 0) + seconds * 1_000);
      const range = { from: at(from), to: to === undefined ? new Date(now() + 1) : at(to) };
      return presentPage(await queries.replayChat(db, streamId, { ...range, limit, cursor }));
    },

    /**
     * Throws `channel.not-found`, `chat.off`, `chat.banned`, `chat.followers-only`, `chat.blocked-words`, `chat.slow-mode`, `limit.exceeded`.
     */
    async say(
      actor: Actor,
      channelId: number,
      request: Request,
      { text, replyTo, mediaAt }: Static<typeof PostMessageBody>,
    ): Promise<Said> {
      const place = await access.enter(actor, channelId, request);
      await requireVoice(actor, place);
      const { standing } = place;
      if (!place.mayModerate && hasBlockedWord(text, standing.settings.blockedWords))
        throw new AppError("chat.blocked-words");
      await requirePause(actor, place);
      // A program has no browser.
      const cookie = place.browser === null && actor.sessionId !== null ? makeViewerCookie() : null;
      const row = await queries.addChatMessage(db, {
        channelId,
        streamId: standing.live?.streamId ?? null,
        userId: actor.userId,
        replyTo: replyTo ?? null,
        text,
        mediaAt: mediaTime(standing, mediaAt),
        browser: cookie === null ? place.browser : access.browserOf(cookie),
      });
      if (row === null) throw new AppError("channel.not-found");
      const message = present(row);
      await publishChatChange(bus, channelId, {
        type: "chat.message",
        visibility: standing.visibility,
        data: message,
      });
      return { message, cookie };
    },

    /** One's own, or any for those who keep order. Throws `channel.not-found`, `chat.message-not-found`. */
    async remove(actor: Actor, channelId: number, messageId: number): Promise<void> {
      const { standing, mayModerate } = await access.enter(actor, channelId, null);
      const author = mayModerate ? null : actor.userId;
      if (!(await queries.deleteChatMessage(db, channelId, messageId, author)))
        throw new AppError("chat.message-not-found");
      const { visibility } = standing;
      await publishChatChange(bus, channelId, { type: "chat.deleted", visibility, data: { messageId } });
    },
  };
}

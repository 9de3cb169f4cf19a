/** Keeping order in a chat: how it is run, who may not write for a while, and who helps. */
import { publishChatChange, queries } from "@streamhub/db";
import type { Static } from "elysia";
import type { Actor } from "../auth/guard.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";
import { chatAccess, type Place, refusalOf, requireOrder } from "./access.ts";
import type { Chat, ChatSettingsBody } from "./model.ts";

export function chatOrder(services: Services) {
  const { db, bus, now = Date.now } = services;
  const access = chatAccess(services);

  function present(actor: Actor | null, place: Place): Chat {
    const { blockedWords, ...room } = place.standing.settings;
    const { ban } = place.standing;
    const refusal = refusalOf(place);
    const { mayModerate, mayManage } = place;
    return {
      ...room,
      blockedWords: mayModerate ? blockedWords : null,
      you:
        actor === null
          ? null
          : {
              mayModerate,
              mayManage,
              refusal,
              bannedUntil: refusal === "chat.banned" ? (ban?.until?.toISOString() ?? null) : null,
            },
    };
  }

  async function requireManaged(actor: Actor, channelId: number): Promise<void> {
    if (!(await access.enter(actor, channelId, null)).mayManage) throw new AppError("auth.forbidden");
  }

  return {
    /** Throws `channel.not-found`. */
    async get(actor: Actor | null, channelId: number, request: Request): Promise<Chat> {
      return present(actor, await access.enter(actor, channelId, request));
    },

    /** Throws `channel.not-found`, `auth.forbidden`. */
    async change(actor: Actor, channelId: number, request: Request, change: Static<typeof ChatSettingsBody>) {
      const place = await access.enter(actor, channelId, request);
      requireOrder(place);
      const settings = await queries.setChatSettings(db, channelId, change);
      if (settings === null) throw new AppError("channel.not-found");
      const { blockedWords: _, ...room } = settings;
      const { visibility } = place.standing;
      await publishChatChange(bus, channelId, { type: "chat.settings", visibility, data: room });
      return present(actor, { ...place, standing: { ...place.standing, settings } });
    },

    /** `seconds`: null for ever. Throws `channel.not-found`, `auth.forbidden`, `user.not-found`. */
    async ban(actor: Actor, channelId: number, userId: number, seconds: number | null): Promise<void> {
      const place = await access.enter(actor, channelId, null);
      requireOrder(place);
      const rank = await queries.chatRank(db, channelId, userId);
      if (rank === null) throw new AppError("user.not-found");
      const isHelper = rank === "moderator" && !place.mayManage;
      if (rank === "owner" || rank === "staff" || isHelper || userId === actor.userId)
        throw new AppError("auth.forbidden", "Who keeps order here can't be banned by you.");
      const until = seconds === null ? null : new Date(now() + seconds * 1_000);
      if (!(await queries.banFromChat(db, { channelId, userId, bannedBy: actor.userId, until })))
        throw new AppError("user.not-found");
      const { visibility } = place.standing;
      await publishChatChange(bus, channelId, { type: "chat.cleared", visibility, data: { userId } });
    },

    /** Whether there was a ban does not matter. Throws `channel.not-found`, `auth.forbidden`. */
    async unban(actor: Actor, channelId: number, userId: number): Promise<void> {
      requireOrder(await access.enter(actor, channelId, null));
      await queries.endChatBan(db, channelId, userId);
    },

    /** Throws `channel.not-found`, `auth.forbidden`. */
    async bans(actor: Actor, channelId: number, { limit = DEFAULT_LIMIT, cursor }: PageQuery) {
      requireOrder(await access.enter(actor, channelId, null));
      return toJson(await queries.listChatBans(db, channelId, { limit, cursor }));
    },

    /** Throws `channel.not-found`, `auth.forbidden`. */
    async moderators(actor: Actor, channelId: number) {
      await requireManaged(actor, channelId);
      return { items: toJson(await queries.listChatModerators(db, channelId)) };
    },

    /** Throws `channel.not-found`, `auth.forbidden`, `user.not-found`, `chat.limit`. */
    async name(actor: Actor, channelId: number, userId: number): Promise<void> {
      await requireManaged(actor, channelId);
      const outcome = await queries.addChatModerator(db, channelId, userId);
      if (outcome === "missing") throw new AppError("user.not-found");
      if (outcome === "too-many")
        throw new AppError("chat.limit", `At most ${queries.MAX_CHAT_MODERATORS} moderators: dismiss one first.`);
    },

    /** Whether there was anyone to dismiss does not matter. Throws `channel.not-found`, `auth.forbidden`. */
    async dismiss(actor: Actor, channelId: number, userId: number): Promise<void> {
      await requireManaged(actor, channelId);
      await queries.removeChatModerator(db, channelId, userId);
    },
  };
}

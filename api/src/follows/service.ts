/** Following channels: a page of theirs, and who is told when they go live. */
import { queries } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { isAdmin } from "../auth/policy.ts";
import { presentChannel } from "../channels/service.ts";
import { AppError } from "../error.ts";
import { DEFAULT_LIMIT, type PageQuery } from "../paging.ts";
import type { Services } from "../services.ts";

export function followService({ db }: Pick<Services, "db">) {
  const viewer = (actor: Actor): queries.Viewer => ({ userId: actor.userId, seesAll: isAdmin(actor) });

  return {
    async list(actor: Actor, { limit = DEFAULT_LIMIT, cursor }: PageQuery) {
      const { items, nextCursor } = await queries.listFollowed(db, viewer(actor), { limit, cursor });
      return {
        items: items.map(({ followedAt, ...row }) => ({
          followedAt: followedAt.toISOString(),
          channel: presentChannel(row, actor),
        })),
        nextCursor,
      };
    },

    ids: async (actor: Actor) => ({ items: await queries.followedIds(db, viewer(actor)) }),

    /** Throws `channel.not-found`, `follow.limit`. */
    async follow(actor: Actor, channelId: number): Promise<void> {
      const outcome = await queries.follow(db, viewer(actor), channelId);
      if (outcome === "missing") throw new AppError("channel.not-found");
      if (outcome === "too-many")
        throw new AppError("follow.limit", `At most ${queries.MAX_FOLLOWS}: unfollow one first.`);
    },

    unfollow: (actor: Actor, channelId: number): Promise<void> => queries.unfollow(db, actor.userId, channelId),
  };
}

/** Who stands how in a channel's chat: asked anew with every request, so that a ban holds from the next word on. */
import { makeViewerIdentity, queries, viewerCookieOf } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { isModerator, mayManage } from "../auth/policy.ts";
import { viewerOf } from "../channels/service.ts";
import { AppError, type ProblemCode } from "../error.ts";
import type { Services } from "../services.ts";

export interface Place {
  readonly standing: queries.ChatStanding;
  readonly mayManage: boolean;
  readonly mayModerate: boolean;
  /** Hash of the browser's cookie; null without one. */
  readonly browser: string | null;
}

type Refusal = Extract<ProblemCode, "chat.off" | "chat.banned" | "chat.followers-only">;

export function chatAccess({ db, secret }: Pick<Services, "db" | "secret">) {
  const identity = makeViewerIdentity(secret);
  return {
    browserOf: (cookie: string): string => identity.browser(cookie),

    /** Throws `channel.not-found`. */
    async enter(actor: Actor | null, channelId: number, request: Request | null): Promise<Place> {
      const cookie = request === null ? null : viewerCookieOf(request.headers.get("cookie"));
      const browser = cookie === null ? null : identity.browser(cookie);
      const standing = await queries.chatStanding(db, viewerOf(actor), channelId, browser);
      if (standing === null) throw new AppError("channel.not-found");
      const manages = mayManage(actor, standing.ownerId);
      return {
        standing,
        mayManage: manages,
        mayModerate: manages || isModerator(actor) || standing.isModerator,
        browser,
      };
    },
  };
}

/** Throws `auth.forbidden` for those who do not keep order. */
export function requireOrder({ mayModerate }: Place): void {
  if (!mayModerate) throw new AppError("auth.forbidden");
}

/** Why somebody may not write now, apart from how often; null: they may. */
export function refusalOf({ standing, mayModerate }: Place): Refusal | null {
  const { settings, ban, follows } = standing;
  if (!settings.isOn) return "chat.off";
  // A browser in which somebody was banned may be the owner's own, who tried it.
  if (mayModerate) return null;
  if (ban !== null) return "chat.banned";
  return settings.followersOnly && !follows ? "chat.followers-only" : null;
}

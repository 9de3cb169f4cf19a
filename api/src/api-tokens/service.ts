/** Tokens that a person makes for programs. */
import { queries } from "@streamhub/db";
import { type Actor, API_TOKEN_PREFIX } from "../auth/guard.ts";
import { isAdmin } from "../auth/policy.ts";
import { hashToken, makeRefreshToken } from "../auth/tokens.ts";
import { AppError } from "../error.ts";
import { toJson } from "../json.ts";
import type { Services } from "../services.ts";
import type { ApiTokenBody } from "./model.ts";

const DEFAULT_DAYS = 90;

export function apiTokenService({ db }: Pick<Services, "db">) {
  return {
    async list(actor: Actor) {
      return { items: (await queries.listApiTokens(db, actor.userId)).map(toJson) };
    },

    async create(actor: Actor, { name, scope, expiresInDays = DEFAULT_DAYS }: typeof ApiTokenBody.static) {
      if (scope === "admin" && !isAdmin(actor)) throw new AppError("auth.forbidden", "Only administrators have it.");
      const token = API_TOKEN_PREFIX + makeRefreshToken();
      const made = await queries.createApiToken(db, {
        userId: actor.userId,
        name,
        scope,
        tokenHash: hashToken(token),
        hint: token.slice(-4),
        expiresInDays,
      });
      if (made === null) throw new AppError("token.limit", `At most ${queries.MAX_API_TOKENS}.`);
      return { ...toJson(made), token };
    },

    async revoke(actor: Actor, id: number): Promise<void> {
      if (!(await queries.revokeApiToken(db, actor.userId, id))) throw new AppError("token.not-found");
    },
  };
}

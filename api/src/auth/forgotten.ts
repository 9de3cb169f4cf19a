/** A forgotten password: a letter to the account's address, whose link sets another one. */
import { queries } from "@streamhub/db";
import { networkOf } from "@streamhub/db/viewer-identity";
import { AppError } from "../error.ts";
import { addLetter, CHANGED_LETTER, RESET_LETTER } from "../mail/jobs.ts";
import type { Services } from "../services.ts";
import { inBody } from "./account.ts";
import { hashPassword, refuseWhenBusy, weakness } from "./passwords.ts";
import { loginName } from "./service.ts";
import { keyOf } from "./throttle.ts";
import { hashToken } from "./tokens.ts";

const MINUTE = 60_000;
/** Asked for from one network; many people may share one address. */
export const ASKED = { limit: 20, window: 15 * MINUTE };
/** Letters of one name. More are not sent, and nobody is told: it would say whose names they are. */
export const LETTERS = { limit: 3, window: 60 * MINUTE };
/** Tokens tried from one network. There is nothing to guess in 256 bits; hashing a password is what costs. */
export const TRIED = { limit: 20, window: 15 * MINUTE };

export function forgottenService(services: Services) {
  const { db, bus, site } = services;

  async function limited(key: string, rule: typeof ASKED): Promise<void> {
    const { allowed, retryAfter } = await bus.limits.hit(key, rule);
    if (!allowed) throw new AppError("limit.exceeded", undefined, undefined, Math.max(1, retryAfter / 1_000));
  }

  return {
    /** The same answer for every name, also in time: the letter is a job. Throws `mail.off`, `limit.exceeded`. */
    async ask(login: string, locale: queries.NoticeLocale, address: string): Promise<void> {
      if (!site.sendsMail) throw new AppError("mail.off");
      await limited(`reset:network:${networkOf(address)}`, ASKED);
      const found = await queries.findCredentials(db, loginName(login));
      const { allowed } = await bus.limits.hit(`reset:name:${keyOf(login.trim())}`, LETTERS);
      if (allowed) await addLetter(bus.jobs, RESET_LETTER, { userId: found?.account.id ?? 0, locale });
    },

    /** All sessions of the account end. Throws `auth.reset-token`, `request.invalid`, `limit.exceeded`. */
    async reset(token: string, password: string, locale: queries.NoticeLocale, address: string): Promise<void> {
      await limited(`reset:try:${networkOf(address)}`, TRIED);
      const tokenHash = hashToken(token);
      const account = await queries.accountOfReset(db, tokenHash);
      if (account === null) throw new AppError("auth.reset-token");
      const weak = weakness(password, account);
      if (weak !== null) throw new AppError("request.invalid", undefined, [inBody("/password", weak)]);
      const hashed = await hashPassword(password).catch(refuseWhenBusy);
      if (!(await queries.resetPassword(db, tokenHash, hashed))) throw new AppError("auth.reset-token");
      // It is changed, whether the letter about it can be sent or not.
      await addLetter(bus.jobs, CHANGED_LETTER, { userId: account.id, locale }).catch(() => {});
    },
  };
}

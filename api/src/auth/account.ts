/** What the owner of an account does with it once signed in: sessions, password, address. */
import { DatabaseError, queries } from "@streamhub/db";
import { chooseLocale } from "../documents/locale.ts";
import { AppError, type FieldError } from "../error.ts";
import { toJson } from "../json.ts";
import type { Services } from "../services.ts";
import { confirmPassword } from "./confirmation.ts";
import { type Actor, sessionOf } from "./guard.ts";
import { hashPassword, refuseWhenBusy, weakness } from "./passwords.ts";
import { isAdmin, isModerator } from "./policy.ts";

/** Languages that the documents to agree to ship in. */
export const localeOf = (acceptLanguage: string | null): string =>
  chooseLocale(["en", "ru"], queries.DEFAULT_LOCALE, undefined, acceptLanguage);

/** As its owner sees it. */
export function presentAccount(row: queries.Profile) {
  const { id, username, email, fullName, avatarUrl, bio, role, isActive, createdAt, updatedAt } = row;
  return toJson({ id, username, email, fullName, avatarUrl, bio, role, isActive, createdAt, updatedAt });
}

export const inBody = (field: string, message: string): FieldError => ({ field, in: "body", message });
export const nameTaken = (...more: FieldError[]) =>
  new AppError("user.name-taken", undefined, [inBody("/username", "Taken, or too much like another one"), ...more]);
export const emailError = inBody("/email", "An account has this address");

/** What the database refuses, in the words of this feature. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  if (error.code === "database.username-taken") return nameTaken();
  if (error.code === "database.email-taken") return new AppError("user.email-taken", undefined, [emailError]);
  return error;
}

export function accountService(services: Services) {
  const { db } = services;

  return {
    async logoutEverywhere(actor: Actor): Promise<void> {
      await queries.revokeSessions(db, actor.userId, "logout");
    },

    async me(actor: Actor, acceptLanguage: string | null) {
      const [account, pendingDocuments] = await Promise.all([
        queries.getProfile(db, actor.userId),
        queries.pendingAcceptances(db, actor.userId, localeOf(acceptLanguage)),
      ]);
      if (account === null) throw new AppError("auth.invalid");
      return {
        ...presentAccount(account),
        sessionId: actor.sessionId,
        permissions: { moderate: isModerator(actor), administer: isAdmin(actor) },
        pendingDocuments,
      };
    },

    async sessions(actor: Actor) {
      const rows = await queries.listSessions(db, actor.userId);
      return { items: rows.map((row) => ({ ...toJson(row), current: row.id === actor.sessionId })) };
    },

    async endSession(actor: Actor, sessionId: number): Promise<void> {
      if (!(await queries.revokeSession(db, actor.userId, sessionId, "logout")))
        throw new AppError("session.not-found");
    },

    /** Every other session ends: whoever changes a password may have a reason. */
    async changePassword(actor: Actor, current: string, next: string): Promise<void> {
      const hash = await confirmPassword(services, actor, current, "/currentPassword");
      const account = await queries.getProfile(db, actor.userId);
      if (account === null) throw new AppError("auth.invalid");
      const weak = weakness(next, account);
      if (weak !== null) throw new AppError("request.invalid", undefined, [inBody("/newPassword", weak)]);
      const hashed = await hashPassword(next).catch(refuseWhenBusy);
      // Somebody else was faster: the password that was confirmed is no longer the present one.
      if (!(await queries.changePassword(db, actor.userId, hash, hashed, sessionOf(actor))))
        throw new AppError("auth.password");
    },

    async changeEmail(actor: Actor, email: string, password: string) {
      await confirmPassword(services, actor, password);
      const account = await queries.changeEmail(db, actor.userId, email).catch((error) => {
        throw refusal(error);
      });
      if (account === null) throw new AppError("auth.invalid");
      return presentAccount(account);
    },
  };
}

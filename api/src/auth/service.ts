/** Coming and going: registering, signing in, renewing tokens, signing out. */
import { queries } from "@streamhub/db";
import { networkOf } from "@streamhub/db/viewer-identity";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { isReservedUsername, orNull, toEmail, toUsername } from "../text.ts";
import { emailError, inBody, localeOf, nameTaken, presentAccount, refusal } from "./account.ts";
import { hashPassword, isOutdated, PasswordsBusy, refuseWhenBusy, verifyPassword, weakness } from "./passwords.ts";
import { type Attempt, makeThrottle } from "./throttle.ts";
import { hashToken, makeRefreshToken, REFRESH_SECONDS } from "./tokens.ts";

/** For so long after its use a refresh token that is a cookie is taken for a second tab's. Seconds. A program has no tabs. */
const RACE_SECONDS = 10;

/** Where a request comes from. */
export interface Caller {
  readonly address: string;
  readonly userAgent: string;
  readonly acceptLanguage: string | null;
  /** A refresh token that the browser brings along, good or not. */
  readonly refreshCookie: string | null;
}

/** A session that was opened or goes on, and the token that renews it. */
export interface SignedIn {
  readonly user: ReturnType<typeof presentAccount>;
  readonly sessionId: number;
  readonly refreshToken: string;
}

export interface RegisterInput {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly fullName?: string | null | undefined;
  readonly acceptedDocuments?: readonly queries.AcceptedVersion[] | undefined;
}

/** A name as it can stand in the database; what can't is asked for as an empty one, which no account has: PostgreSQL refuses some texts. */
export function loginName(typed: string): queries.LoginName {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  const plain = typed.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(typed) ? typed : "";
  return plain.includes("@") ? { email: toEmail(plain) } : { username: toUsername(plain) };
}

export function authService(services: Services) {
  const { db, bus } = services;
  const throttle = makeThrottle(bus);

  async function open(row: queries.Profile, { address, userAgent, refreshCookie }: Caller): Promise<SignedIn> {
    const refreshToken = makeRefreshToken();
    const sessionId = await queries.createSession(db, {
      userId: row.id,
      userAgent,
      address,
      tokenHash: hashToken(refreshToken),
      lifetimeSeconds: REFRESH_SECONDS,
    });
    // Its cookies are overwritten: nobody could end the session that they named.
    const before = refreshCookie === null ? null : await queries.findSessionByToken(db, hashToken(refreshCookie));
    if (before !== null) await queries.revokeSession(db, before.userId, before.sessionId, "logout");
    return { user: presentAccount(row), sessionId, refreshToken };
  }

  /** The same questions to the database whether there is such an account or not. */
  async function attemptOf(name: queries.LoginName, account: queries.Profile | undefined, caller: Caller) {
    const typed = "email" in name ? name.email : name.username;
    const written = account === undefined ? typed : "email" in name ? account.email : account.username;
    const network = networkOf(caller.address);
    const [addresses, session] = await Promise.all([
      queries.knownAddresses(db, account?.id ?? 0),
      caller.refreshCookie === null ? null : queries.findSessionByToken(db, hashToken(caller.refreshCookie)),
    ]);
    const attempt: Attempt = {
      name: written,
      network,
      known: caller.address !== "" && addresses.some((address) => networkOf(address) === network),
      sessionId: session !== null && session.userId === account?.id ? session.sessionId : null,
    };
    return attempt;
  }

  /** The account follows today's parameters as soon as its password is at hand; if that fails, the next time. */
  async function renewHash(userId: number, password: string, hash: string): Promise<void> {
    if (!isOutdated(hash)) return;
    const next = await hashPassword(password).catch((error) => {
      if (error instanceof PasswordsBusy) return null;
      throw error;
    });
    if (next !== null) await queries.replaceHash(db, userId, hash, next);
  }

  return {
    async register(input: RegisterInput, caller: Caller): Promise<SignedIn> {
      const { username, email, password, fullName, acceptedDocuments } = input;
      const weak = weakness(password, { username, email });
      if (weak !== null) throw new AppError("request.invalid", undefined, [inBody("/password", weak)]);
      await throttle.register(networkOf(caller.address));
      // Before the expensive hash. That a name or an address is taken can't be hidden without sending mail to it, which not every
      // installation can; asking is limited instead.
      const taken = await queries.takenBy(db, { username, email });
      if (taken.username || isReservedUsername(username)) throw nameTaken(...(taken.email ? [emailError] : []));
      if (taken.email) throw new AppError("user.email-taken", undefined, [emailError]);
      const hashedPassword = await hashPassword(password).catch(refuseWhenBusy);
      const name = orNull(fullName) ?? undefined;
      const account = await queries
        .registerUser(db, {
          username,
          email,
          hashedPassword,
          ...(name === undefined ? {} : { fullName: name }),
          accepted: acceptedDocuments,
          locale: localeOf(caller.acceptLanguage),
        })
        .catch((error) => {
          throw refusal(error);
        });
      if (account === "not-accepted") {
        const all = queries.DOCUMENTS_TO_ACCEPT.join(", ");
        throw new AppError("request.invalid", undefined, [
          inBody("/acceptedDocuments", `Agree to the current versions of all of these: ${all}`),
        ]);
      }
      return open(account, caller);
    },

    /** Throws `auth.credentials` for an unknown name as for a wrong password, after the same work. */
    async login(typed: string, password: string, caller: Caller): Promise<SignedIn> {
      const name = loginName(typed);
      const found = await queries.findCredentials(db, name);
      const attempt = await attemptOf(name, found?.account, caller);
      await throttle.ask(attempt);
      const right = await verifyPassword(password, found?.hashedPassword ?? null, () => throttle.count(attempt)).catch(
        refuseWhenBusy,
      );
      if (!right || found === null) {
        await throttle.failed(attempt);
        throw new AppError("auth.credentials");
      }
      const { account, hashedPassword } = found;
      await throttle.succeeded(attempt);
      // Who knows the password may know this too.
      if (!account.isActive) throw new AppError("user.inactive");
      await renewHash(account.id, password, hashedPassword);
      return open(account, caller);
    },

    /** The session of a refresh token, whatever became of the token. */
    sessionOf: (refreshToken: string) => queries.findSessionByToken(db, hashToken(refreshToken)),

    /** A used token comes from two places, one of which stole it: nobody goes on with that session. */
    async refresh(token: string, from: "body" | "cookie", { address }: Caller): Promise<SignedIn> {
      const refreshToken = makeRefreshToken();
      const result = await queries.rotateRefreshToken(db, {
        tokenHash: hashToken(token),
        nextHash: hashToken(refreshToken),
        lifetimeSeconds: REFRESH_SECONDS,
        graceSeconds: from === "cookie" ? RACE_SECONDS : 0,
        address,
      });
      if (result.kind === "raced")
        throw new AppError("auth.raced", "Another tab has new cookies; send the first request again.", undefined, 1);
      if (result.kind === "reused") throw new AppError("auth.reused");
      const account = result.kind === "unknown" ? null : await queries.getProfile(db, result.userId);
      if (account === null || result.kind === "unknown")
        throw new AppError("auth.invalid", "This refresh token is not good, or no longer.");
      return { user: presentAccount(account), sessionId: result.sessionId, refreshToken };
    },

    async logout(session: { readonly userId: number; readonly sessionId: number }): Promise<void> {
      await queries.revokeSession(db, session.userId, session.sessionId, "logout");
    },
  };
}

/** What signing in asks of accounts: who has a name, what their password's hash is, and every change of the two. */
import { and, eq, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { sessions } from "../schema/sessions.ts";
import { users } from "../schema/users.ts";
import { usernameSkeleton } from "../username.ts";
import { type Account, createUser, type NewUser } from "./accounts.ts";
import { type AcceptedVersion, acceptDocuments, pendingAcceptances, recordAcceptance } from "./documents.ts";
import { revokeSessions } from "./sessions.ts";

const accountColumns = {
  id: users.id,
  username: users.username,
  email: users.email,
  fullName: users.fullName,
  avatarUrl: users.avatarUrl,
  bio: users.bio,
  role: users.role,
  isActive: users.isActive,
  deletedAt: users.deletedAt,
  createdAt: users.createdAt,
  updatedAt: users.updatedAt,
};

export type LoginName = { readonly username: string } | { readonly email: string };

/** The account of a name, whatever its case, with its password's hash; null when there is none. */
export const findCredentials = guarded(async (db: Database, name: LoginName) => {
  const which =
    "email" in name
      ? sql`lower(${users.email}) = lower(${name.email}::text)`
      : sql`lower(${users.username}) = lower(${name.username}::text)`;
  const [row] = await db
    .select({ account: accountColumns, hashedPassword: users.hashedPassword })
    .from(users)
    .where(and(which, isNull(users.deletedAt)));
  return row ?? null;
});

/** For comparing a password with; null when there is no such account. */
export const passwordHashOf = guarded(async (db: Database, userId: number): Promise<string | null> => {
  const [row] = await db
    .select({ hash: users.hashedPassword })
    .from(users)
    .where(and(eq(users.id, userId), isNull(users.deletedAt)));
  return row?.hash ?? null;
});

/** Which of both belongs to somebody already; names that look alike are one. */
export const takenBy = guarded(async (db: Database, { username, email }: { username: string; email: string }) => {
  const sameName = sql`lower(${users.username}) = lower(${username}::text)`;
  const sameLook = eq(users.usernameSkeleton, usernameSkeleton(username));
  const sameEmail = sql`lower(${users.email}) = lower(${email}::text)`;
  const rows = await db
    .select({ name: sql<boolean>`(${sameName}) or coalesce(${sameLook}, false)`, email: sql<boolean>`${sameEmail}` })
    .from(users)
    .where(or(sameName, sameLook, sameEmail));
  return { username: rows.some((row) => row.name), email: rows.some((row) => row.email) };
});

export interface Registration extends NewUser {
  /** Versions that the user was shown; without them those that are current, in `locale`. */
  readonly accepted: readonly AcceptedVersion[] | undefined;
  readonly locale: string;
}

/**
 * An account together with what its owner agreed to: both or none. Gives `not-accepted` when the versions named do not cover all that must be
 * agreed to. Throws `database.username-taken`, `database.email-taken`, `database.document-changed`.
 */
export const registerUser = guarded(
  async (db: Database, { accepted, locale, ...user }: Registration): Promise<Account | "not-accepted"> => {
    const incomplete = Symbol("incomplete");
    return db
      .transaction(async (tx) => {
        const account = await createUser(tx, user);
        if (accepted === undefined) await recordAcceptance(tx, account.id, locale);
        else if (accepted.length > 0) await acceptDocuments(tx, account.id, accepted);
        if ((await pendingAcceptances(tx, account.id, locale)).length > 0) throw incomplete;
        return account;
      })
      .catch((error) => {
        if (error === incomplete) return "not-accepted" as const;
        throw error;
      });
  },
);

/** Puts a new hash in the place of the one that was read; false when it is another one by now. */
export const replaceHash = guarded(async (db: Database, userId: number, from: string, to: string): Promise<boolean> => {
  const rows = await db
    .update(users)
    .set({ hashedPassword: to, updatedAt: sql`${users.updatedAt}` })
    .where(and(eq(users.id, userId), eq(users.hashedPassword, from), isNull(users.deletedAt)))
    .returning({ id: users.id });
  return rows.length > 0;
});

/** The same, and ends the user's sessions, but for one. */
export const changePassword = guarded(
  async (db: Database, userId: number, from: string, to: string, keptSession?: number): Promise<boolean> =>
    db.transaction(async (tx) => {
      if (!(await replaceHash(tx, userId, from, to))) return false;
      await revokeSessions(tx, userId, "password", keptSession);
      return true;
    }),
);

/** Throws `database.email-taken`. */
export const changeEmail = guarded(async (db: Database, userId: number, email: string): Promise<Account | null> => {
  const [row] = await db
    .update(users)
    .set({ email })
    .where(and(eq(users.id, userId), isNull(users.deletedAt)))
    .returning(accountColumns);
  return row ?? null;
});

/** Addresses that a user has signed in from, as far as sessions are still kept; the latest first. */
export const knownAddresses = guarded(async (db: Database, userId: number): Promise<string[]> => {
  const rows = await db
    .select({ address: sessions.address })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .groupBy(sessions.address)
    .orderBy(sql`max(${sessions.lastUsedAt}) desc`)
    .limit(100);
  return rows.map(({ address }) => address);
});

/** Accounts, and the one that owns what nobody has claimed yet. */
import { randomBytes } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { DatabaseError, guarded } from "../database-error.ts";
import type { Role, UserRow } from "../model.ts";
import { users } from "../schema/users.ts";
import { usernameSkeleton } from "../username.ts";

/**
 * Owns channels that nobody has claimed yet. Known by its address, which no mail can have (RFC 2606 `.invalid`); where others have the hash
 * of a password it has a text that no password has for its hash, so that nobody can ever sign in as it.
 */
export const PLACEHOLDER_USERNAME = "owner";
export const PLACEHOLDER_EMAIL = "owner@placeholder.invalid";
/** Stands where a hash would; no verification can succeed against it. */
export const NO_PASSWORD = "!";

export interface NewUser {
  readonly username: string;
  readonly email: string;
  /** argon2id, PHC format. */
  readonly hashedPassword: string;
  readonly role?: Role;
  readonly fullName?: string;
}

export type Account = Omit<UserRow, "hashedPassword" | "usernameSkeleton">;

/** Throws `database.username-taken`, `database.email-taken`, `database.constraint`. */
export const createUser = guarded(async (db: Database, user: NewUser): Promise<Account> => {
  const [row] = await db
    .insert(users)
    .values({ ...user, usernameSkeleton: usernameSkeleton(user.username) })
    .returning();
  const { hashedPassword: _, usernameSkeleton: __, ...account } = row!;
  return account;
});

/** Throws `database.no-such-user`. */
export async function userIdOf(tx: Database, username: string): Promise<number> {
  const [row] = await tx.select({ id: users.id }).from(users).where(sql`lower(${users.username}) = lower(${username})`);
  if (row === undefined) throw new DatabaseError("database.no-such-user", `There is no account ${username}.`);
  return row.id;
}

/** The placeholder's id; makes it when there is none. Callers are in a transaction, which holds the lock until its end. */
export async function placeholder(tx: Database): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('streamhub placeholder'))`);
  const [existing] = await tx.select({ id: users.id }).from(users).where(eq(users.email, PLACEHOLDER_EMAIL));
  if (existing !== undefined) return existing.id;
  const [homonym] = await tx
    .select({ id: users.id })
    .from(users)
    .where(sql`lower(${users.username}) = ${PLACEHOLDER_USERNAME}`);
  const username =
    homonym === undefined ? PLACEHOLDER_USERNAME : `${PLACEHOLDER_USERNAME}-${randomBytes(4).toString("hex")}`;
  const [made] = await tx
    .insert(users)
    .values({ username, email: PLACEHOLDER_EMAIL, hashedPassword: NO_PASSWORD })
    .returning({ id: users.id });
  return made!.id;
}

/** Opening an account whose password is forgotten, by a letter to its address. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { passwordResets } from "../schema/password-resets.ts";
import { users } from "../schema/users.ts";
import { revokeSessions } from "./sessions.ts";

const mayReset = and(users.isActive, isNull(users.deletedAt));
const stillGood = sql`${passwordResets.expiresAt} > now()`;

export interface ResetAccount {
  readonly id: number;
  readonly username: string;
  readonly email: string;
}
const account = { id: users.id, username: users.username, email: users.email };

/** Who a letter may go to; null: nobody, or an account that is at rest. */
export const accountToReset = guarded(async (db: Database, userId: number): Promise<ResetAccount | null> => {
  const [row] = await db
    .select(account)
    .from(users)
    .where(and(eq(users.id, userId), mayReset));
  return row ?? null;
});

/** In the place of earlier ones of the account. */
export const addPasswordReset = guarded(
  async (db: Database, userId: number, tokenHash: string, lifetimeSeconds: number): Promise<void> =>
    db.transaction(async (tx) => {
      await tx.delete(passwordResets).where(eq(passwordResets.userId, userId));
      const expiresAt = sql`now() + make_interval(secs => ${lifetimeSeconds})`;
      await tx.insert(passwordResets).values({ tokenHash, userId, expiresAt });
    }),
);

/** Whose password a token changes; null: used, too old, replaced by a later one, or none of ours. */
export const accountOfReset = guarded(async (db: Database, tokenHash: string): Promise<ResetAccount | null> => {
  const [row] = await db
    .select(account)
    .from(passwordResets)
    .innerJoin(users, eq(users.id, passwordResets.userId))
    .where(and(eq(passwordResets.tokenHash, tokenHash), stillGood, mayReset));
  return row ?? null;
});

/** Uses a token up: sets the password and ends all of the account's sessions. False: the token was not good any more. */
export const resetPassword = guarded(
  async (db: Database, tokenHash: string, hashedPassword: string): Promise<boolean> =>
    db.transaction(async (tx) => {
      // Of several at once, the first one finds it.
      const [used] = await tx
        .delete(passwordResets)
        .where(and(eq(passwordResets.tokenHash, tokenHash), stillGood))
        .returning({ userId: passwordResets.userId });
      if (used === undefined) return false;
      const changed = await tx
        .update(users)
        .set({ hashedPassword, updatedAt: sql`${users.updatedAt}` })
        .where(and(eq(users.id, used.userId), mayReset))
        .returning({ id: users.id });
      if (changed.length === 0) return false;
      await tx.delete(passwordResets).where(eq(passwordResets.userId, used.userId));
      await revokeSessions(tx, used.userId, "password");
      return true;
    }),
);

export const forgetPasswordResets = guarded(async (db: Database): Promise<void> => {
  await db.delete(passwordResets).where(sql`not (${stillGood})`);
});

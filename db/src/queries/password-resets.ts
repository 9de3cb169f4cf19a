/** New passwords for those who have forgotten theirs. Times are the database's own clock. */
import { and, count, eq, gt, isNull, lt, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { passwordResets } from "../schema/password-resets.ts";
import { users } from "../schema/users.ts";
import { revokeSessions } from "./sessions.ts";

/** Links of an account that may be good at once: a second click on "send" does not spoil the first mail. */
const MAX_RESETS = 5;

export interface NewReset {
  readonly userId: number;
  /** SHA-256 of the token. */
  readonly tokenHash: string;
  readonly lifetimeMinutes: number;
}

/** False: as many as may be are good already. */
export const createPasswordReset = guarded(
  async (db: Database, { userId, tokenHash, lifetimeMinutes }: NewReset): Promise<boolean> =>
    db.transaction(async (tx) => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("update");
      await tx.delete(passwordResets).where(lt(passwordResets.expiresAt, sql`now()`));
      const [held] = await tx.select({ all: count() }).from(passwordResets).where(eq(passwordResets.userId, userId));
      if ((held?.all ?? 0) >= MAX_RESETS) return false;
      const expiresAt = sql`now() + ${lifetimeMinutes}::int * interval '1 minute'`;
      await tx.insert(passwordResets).values({ userId, tokenHash, expiresAt });
      return true;
    }),
);

const isGood = (tokenHash: string) =>
  and(
    eq(passwordResets.tokenHash, tokenHash),
    gt(passwordResets.expiresAt, sql`now()`),
    users.isActive,
    isNull(users.deletedAt),
  );

/** Whose password a token may change; null: it is unknown, used or has run out. */
export const findPasswordReset = guarded(async (db: Database, tokenHash: string) => {
  const [row] = await db
    .select({ id: users.id, username: users.username, email: users.email })
    .from(passwordResets)
    .innerJoin(users, eq(users.id, passwordResets.userId))
    .where(isGood(tokenHash));
  return row ?? null;
});

/** Uses the token up with all others of the account, and ends every session. False: somebody was faster, or it has run out. */
export const usePasswordReset = guarded(
  async (db: Database, tokenHash: string, hashedPassword: string): Promise<boolean> =>
    db.transaction(async (tx) => {
      const [used] = await tx
        .select({ userId: passwordResets.userId })
        .from(passwordResets)
        .innerJoin(users, eq(users.id, passwordResets.userId))
        .where(isGood(tokenHash))
        .for("update");
      if (used === undefined) return false;
      const { userId } = used;
      await tx.delete(passwordResets).where(eq(passwordResets.userId, userId));
      await tx.update(users).set({ hashedPassword, updatedAt: sql`now()` }).where(eq(users.id, userId));
      await revokeSessions(tx, userId, "password");
      return true;
    }),
);

/** Idempotency keys: who brings one first does the work, who brings it again gets the answer that is kept here. */
import { and, eq, isNull, lt, or, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { idempotencyKeys } from "../schema/idempotency-keys.ts";

export interface KeyClaim {
  readonly userId: number;
  readonly key: string;
  /** SHA-256 of what was asked. */
  readonly fingerprint: string;
}

export interface KeyRules {
  /** After so long work that has not ended never will: its process died. Seconds. */
  readonly abandonedAfter: number;
  /** So long an answer is kept. Seconds. */
  readonly keptFor: number;
}

/** The proof that the key is this request's own: another one that takes the key over later makes it worthless. */
export type OwnClaim = KeyClaim & { readonly claimedAt: Date };

export type ClaimResult =
  | { readonly kind: "claimed"; readonly claim: OwnClaim }
  | { readonly kind: "running"; readonly fingerprint: string }
  | { readonly kind: "done"; readonly fingerprint: string; readonly status: number; readonly body: string };

const olderThan = (seconds: number) =>
  lt(idempotencyKeys.createdAt, sql`clock_timestamp() - ${seconds}::int * interval '1 second'`);

const ofClaim = ({ userId, key }: KeyClaim) => and(eq(idempotencyKeys.userId, userId), eq(idempotencyKeys.key, key));

/** Of several at once exactly one gets `claimed`. */
export const claimKey = guarded(async (db: Database, claim: KeyClaim, rules: KeyRules): Promise<ClaimResult> => {
  const { userId, key, fingerprint } = claim;
  const fresh = { fingerprint, status: null, body: null, createdAt: sql`clock_timestamp()` };
  for (;;) {
    const [own] = await db
      .insert(idempotencyKeys)
      .values({ userId, key, ...fresh })
      .onConflictDoUpdate({
        target: [idempotencyKeys.userId, idempotencyKeys.key],
        set: fresh,
        setWhere: or(and(isNull(idempotencyKeys.status), olderThan(rules.abandonedAfter)), olderThan(rules.keptFor))!,
      })
      .returning({ claimedAt: idempotencyKeys.createdAt });
    if (own !== undefined) return { kind: "claimed", claim: { ...claim, ...own } };
    const [known] = await db.select().from(idempotencyKeys).where(ofClaim(claim));
    // Given back between the two: it is free again.
    if (known === undefined) continue;
    const { status, body } = known;
    if (status === null || body === null) return { kind: "running", fingerprint: known.fingerprint };
    return { kind: "done", fingerprint: known.fingerprint, status, body };
  }
});

const ofOwn = (claim: OwnClaim) =>
  and(ofClaim(claim), eq(idempotencyKeys.createdAt, claim.claimedAt), isNull(idempotencyKeys.status));

/** Keeps the answer. */
export const settleKey = guarded(async (db: Database, claim: OwnClaim, status: number, body: string): Promise<void> => {
  await db.update(idempotencyKeys).set({ status, body }).where(ofOwn(claim));
});

/** The work came to nothing: the key is free for the next try. */
export const freeKey = guarded(async (db: Database, claim: OwnClaim): Promise<void> => {
  await db.delete(idempotencyKeys).where(ofOwn(claim));
});

/** Forgets keys that are older than so many seconds. Returns how many. */
export const forgetKeys = guarded(async (db: Database, seconds: number): Promise<number> => {
  const rows = await db.delete(idempotencyKeys).where(olderThan(seconds)).returning({ key: idempotencyKeys.key });
  return rows.length;
});

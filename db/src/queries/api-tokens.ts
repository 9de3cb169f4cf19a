/** Tokens of programs. Times are the database's own clock. */
import { and, count, desc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { ApiTokenRow } from "../model.ts";
import { apiTokens } from "../schema/api-tokens.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";

export type TokenScope = ApiTokenRow["scope"];
export { TOKEN_SCOPES } from "../schema/api-tokens.ts";

/** More than these a user must revoke some of first. */
export const MAX_API_TOKENS = 50;

const actorColumns = {
  userId: users.id,
  username: users.username,
  role: users.role,
  tokenId: apiTokens.id,
  scope: apiTokens.scope,
};

const isGood = and(
  or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now()`)),
  users.isActive,
  isNull(users.deletedAt),
);

const holders = (db: Database) =>
  db.select(actorColumns).from(apiTokens).innerJoin(users, eq(users.id, apiTokens.userId));

/** Who a token speaks for; null when it is unknown, has run out, or its account is not active. */
export const findTokenActor = guarded(async (db: Database, tokenHash: string) => {
  const [row] = await holders(db).where(and(eq(apiTokens.tokenHash, tokenHash), isGood));
  return row ?? null;
});

export type TokenActor = NonNullable<Awaited<ReturnType<typeof findTokenActor>>>;

/** Those of the tokens that are still good: for connections that outlive many requests. */
export const findTokenActors = guarded(
  async (db: Database, tokenIds: readonly number[]): Promise<readonly TokenActor[]> =>
    tokenIds.length === 0 ? [] : holders(db).where(and(inArray(apiTokens.id, [...tokenIds]), isGood)),
);

/** Writes at most once a minute, whatever a program sends. */
export const touchApiToken = guarded(async (db: Database, tokenId: number): Promise<void> => {
  const long = or(isNull(apiTokens.lastUsedAt), lt(apiTokens.lastUsedAt, sql`now() - interval '1 minute'`));
  await db
    .update(apiTokens)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(apiTokens.id, tokenId), long));
});

const listColumns = {
  id: apiTokens.id,
  name: apiTokens.name,
  scope: apiTokens.scope,
  hint: apiTokens.hint,
  createdAt: apiTokens.createdAt,
  lastUsedAt: apiTokens.lastUsedAt,
  expiresAt: apiTokens.expiresAt,
};

/** A user's, the newest first; those that have run out, too: their owner wonders why a program stopped. */
export const listApiTokens = guarded(async (db: Database, userId: number) =>
  db.select(listColumns).from(apiTokens).where(eq(apiTokens.userId, userId)).orderBy(desc(apiTokens.id)),
);

export interface NewApiToken {
  readonly userId: number;
  readonly name: string;
  readonly scope: TokenScope;
  /** SHA-256 of the token. */
  readonly tokenHash: string;
  readonly hint: string;
  /** Null: never. */
  readonly expiresInDays: number | null;
}

/** Null: the user has as many as one may have. */
export const createApiToken = guarded(async (db: Database, token: NewApiToken) => {
  const { expiresInDays, ...values } = token;
  return db.transaction(async (tx) => {
    // Of several at once, one is counted after the other.
    await tx.select({ id: users.id }).from(users).where(eq(users.id, token.userId)).for("update");
    const [held] = await tx.select({ all: count() }).from(apiTokens).where(eq(apiTokens.userId, token.userId));
    if ((held?.all ?? 0) >= MAX_API_TOKENS) return null;
    const expiresAt = expiresInDays === null ? null : sql`now() + ${expiresInDays}::int * interval '1 day'`;
    const [row] = await tx
      .insert(apiTokens)
      .values({ ...values, expiresAt })
      .returning(listColumns);
    return row!;
  });
});

/** False: it is not theirs, or gone already. */
export const revokeApiToken = guarded(async (db: Database, userId: number, tokenId: number): Promise<boolean> => {
  if (!isId(tokenId)) return false;
  const rows = await db
    .delete(apiTokens)
    .where(and(eq(apiTokens.id, tokenId), eq(apiTokens.userId, userId)))
    .returning({ id: apiTokens.id });
  return rows.length > 0;
});

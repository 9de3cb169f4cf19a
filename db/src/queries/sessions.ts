/** Sign-ins: who a request comes from, and the families of refresh tokens. Times are the database's own clock. */
import { and, desc, eq, gt, inArray, isNull, ne, notInArray, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { SessionRow } from "../model.ts";
import { refreshTokens, sessions } from "../schema/sessions.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";

const actorColumns = { userId: users.id, username: users.username, role: users.role, sessionId: sessions.id };

const goesOn = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));
const mayAct = and(users.isActive, isNull(users.deletedAt));

/** The user of a session that goes on, of an account that is active; null otherwise. One lookup by primary keys. */
export const findActor = guarded(async (db: Database, sessionId: number) => {
  if (!isId(sessionId)) return null;
  const [row] = await db
    .select(actorColumns)
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, sessionId), goesOn, mayAct));
  return row ?? null;
});

/** Who signed in. */
export type SessionActor = NonNullable<Awaited<ReturnType<typeof findActor>>>;

/** Numbers in one query; PostgreSQL takes 65,535. */
const AT_ONCE = 10_000;

/** Those of the sessions that go on, by id: for connections that outlive many requests. */
export const findActors = guarded(async (db: Database, sessionIds: readonly number[]) => {
  const found = new Map<number, SessionActor>();
  for (let at = 0; at < sessionIds.length; at += AT_ONCE) {
    const rows = await db
      .select(actorColumns)
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(inArray(sessions.id, sessionIds.slice(at, at + AT_ONCE)), goesOn, mayAct));
    for (const row of rows) found.set(row.sessionId, row);
  }
  return found;
});

export interface NewSession {
  readonly userId: number;
  readonly userAgent: string;
  readonly address: string;
  /** SHA-256 of its first refresh token. */
  readonly tokenHash: string;
  readonly lifetimeSeconds: number;
}

/** A user who signs in more often than this signs out where that was longest ago. */
const MAX_SESSIONS = 50;

const inSeconds = (seconds: number) => sql`now() + ${seconds}::int * interval '1 second'`;

/** Opens a session; clears away the user's that were over a month ago. Returns its id. */
export const createSession = guarded(async (db: Database, session: NewSession): Promise<number> => {
  const { tokenHash, lifetimeSeconds, userAgent, address, userId } = session;
  return db.transaction(async (tx) => {
    const [made] = await tx
      .insert(sessions)
      .values({
        userId,
        userAgent: userAgent.slice(0, 300),
        address: address.slice(0, 45),
        expiresAt: inSeconds(lifetimeSeconds),
      })
      .returning({ id: sessions.id });
    await tx.insert(refreshTokens).values({ sessionId: made!.id, tokenHash });
    await tx
      .delete(sessions)
      .where(
        and(
          eq(sessions.userId, userId),
          sql`least(${sessions.revokedAt}, ${sessions.expiresAt}) < now() - interval '30 days'`,
        ),
      );
    const kept = tx
      .select({ id: sessions.id })
      .from(sessions)
      .where(and(eq(sessions.userId, userId), goesOn))
      .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
      .limit(MAX_SESSIONS);
    await tx
      .update(sessions)
      .set({ revokedAt: sql`now()`, revokedFor: "logout" })
      .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt), notInArray(sessions.id, kept)));
    return made!.id;
  });
});

export interface Rotation {
  readonly tokenHash: string;
  readonly nextHash: string;
  readonly lifetimeSeconds: number;
  /** For so long after its use a token is taken for that of a second tab rather than for a stolen one. Seconds. */
  readonly graceSeconds: number;
  readonly address: string;
}

export type RotationResult =
  | { readonly kind: "rotated"; readonly sessionId: number; readonly userId: number }
  /** The same token was used a moment ago: nothing was issued and nothing revoked. */
  | { readonly kind: "raced" }
  /** A used token came back: its session is over. */
  | { readonly kind: "reused"; readonly sessionId: number; readonly userId: number }
  | { readonly kind: "unknown" };

/** Uses a refresh token up and puts the next one in its place. The session's row lock makes one of several win. */
export const rotateRefreshToken = guarded(async (db: Database, rotation: Rotation): Promise<RotationResult> => {
  return db.transaction(async (tx) => {
    const [found] = await tx
      .select({ id: refreshTokens.id, sessionId: refreshTokens.sessionId })
      .from(refreshTokens)
      .where(eq(refreshTokens.tokenHash, rotation.tokenHash));
    if (found === undefined) return { kind: "unknown" };
    const [session] = await tx
      .select({ userId: sessions.userId })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(eq(sessions.id, found.sessionId), goesOn, mayAct))
      .for("update", { of: sessions });
    if (session === undefined) return { kind: "unknown" };
    const holder = { sessionId: found.sessionId, userId: session.userId };
    // Read again under the lock: another request may have used it meanwhile.
    const [token] = await tx
      .select({
        used: sql<boolean>`${refreshTokens.usedAt} is not null`,
        justNow: sql<boolean>`${refreshTokens.usedAt} > clock_timestamp() - ${rotation.graceSeconds}::int * interval '1 second'`,
      })
      .from(refreshTokens)
      .where(eq(refreshTokens.id, found.id));
    if (token?.used) {
      if (token.justNow) return { kind: "raced" };
      await tx
        .update(sessions)
        .set({ revokedAt: sql`now()`, revokedFor: "reuse" })
        .where(eq(sessions.id, found.sessionId));
      return { kind: "reused", ...holder };
    }
    await tx.update(refreshTokens).set({ usedAt: sql`clock_timestamp()` }).where(eq(refreshTokens.id, found.id));
    await tx.insert(refreshTokens).values({ sessionId: found.sessionId, tokenHash: rotation.nextHash });
    // Tokens so old would have run out anyway; without this a session that is used for years would keep them all.
    await tx
      .delete(refreshTokens)
      .where(
        and(
          eq(refreshTokens.sessionId, found.sessionId),
          sql`${refreshTokens.usedAt} < now() - ${rotation.lifetimeSeconds}::int * interval '1 second'`,
        ),
      );
    await tx
      .update(sessions)
      .set({
        lastUsedAt: sql`now()`,
        expiresAt: inSeconds(rotation.lifetimeSeconds),
        address: rotation.address.slice(0, 45),
      })
      .where(eq(sessions.id, found.sessionId));
    return { kind: "rotated", ...holder };
  });
});

/** The session that a refresh token belongs to, whatever became of the token; null when there is none. */
export const findSessionByToken = guarded(async (db: Database, tokenHash: string) => {
  const [row] = await db
    .select({ sessionId: refreshTokens.sessionId, userId: sessions.userId })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .where(eq(refreshTokens.tokenHash, tokenHash));
  return row ?? null;
});

const listColumns = {
  id: sessions.id,
  userAgent: sessions.userAgent,
  address: sessions.address,
  createdAt: sessions.createdAt,
  lastUsedAt: sessions.lastUsedAt,
  expiresAt: sessions.expiresAt,
};

/** Where a user is signed in, the last used first. */
export const listSessions = guarded(async (db: Database, userId: number) =>
  db
    .select(listColumns)
    .from(sessions)
    .where(and(eq(sessions.userId, userId), goesOn))
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id)),
);

type RevokedFor = NonNullable<SessionRow["revokedFor"]>;

/** Ends one session of a user. False: it is not theirs, or over already. */
export const revokeSession = guarded(
  async (db: Database, userId: number, sessionId: number, reason: RevokedFor): Promise<boolean> => {
    if (!isId(sessionId)) return false;
    const rows = await db
      .update(sessions)
      .set({ revokedAt: sql`now()`, revokedFor: reason })
      .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), goesOn))
      .returning({ id: sessions.id });
    return rows.length > 0;
  },
);

/** Ends all sessions of a user, but for one. Returns how many. */
export const revokeSessions = guarded(
  async (db: Database, userId: number, reason: RevokedFor, exceptId?: number): Promise<number> => {
    const rows = await db
      .update(sessions)
      .set({ revokedAt: sql`now()`, revokedFor: reason })
      .where(
        and(
          eq(sessions.userId, userId),
          isNull(sessions.revokedAt),
          exceptId === undefined ? undefined : ne(sessions.id, exceptId),
        ),
      )
      .returning({ id: sessions.id });
    return rows.length;
  },
);

/** Whether a user has ever signed in from an address, as far as sessions are still kept. */
export const knowsAddress = guarded(async (db: Database, userId: number, address: string): Promise<boolean> => {
  const [row] = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), eq(sessions.address, address)))
    .limit(1);
  return row !== undefined;
});

/** Sign-ins: who a request comes from. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { sessions } from "../schema/sessions.ts";
import { users } from "../schema/users.ts";

const actorColumns = { userId: users.id, username: users.username, role: users.role, sessionId: sessions.id };

/** The user of a session that goes on, of an account that is active; null otherwise. One lookup by primary keys. */
export const findActor = guarded(async (db: Database, sessionId: number) => {
  const [row] = await db
    .select(actorColumns)
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(sessions.id, sessionId),
        isNull(sessions.revokedAt),
        sql`${sessions.expiresAt} > now()`,
        users.isActive,
        isNull(users.deletedAt),
      ),
    );
  return row ?? null;
});

/** Who a request comes from. */
export type Actor = NonNullable<Awaited<ReturnType<typeof findActor>>>;

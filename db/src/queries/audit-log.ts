/** Who changed what over the API. */
import { and, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { auditLog } from "../schema/audit-log.ts";
import { users } from "../schema/users.ts";
import { isId } from "./channels.ts";
import { clampLimit, decodeCursor, type PageRequest, toPage } from "./cursor.ts";

export interface NewAuditEntry {
  readonly userId: number;
  readonly tokenId: number | null;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly fields: readonly string[];
  readonly address: string | null;
}

/** Of an account that is deleted by then, no address is kept. */
export const writeAuditEntry = guarded(async (db: Database, entry: NewAuditEntry): Promise<void> => {
  const { userId, tokenId, method, route, path, fields, address } = entry;
  const keep = sql`(select case when ${users.deletedAt} is null then ${address}::varchar end from ${users} where ${users.id} = ${userId})`;
  await db.insert(auditLog).values({ userId, tokenId, method, route, path, fields: [...fields], address: keep });
});

const columns = {
  id: auditLog.id,
  at: auditLog.at,
  userId: auditLog.userId,
  username: users.username,
  tokenId: auditLog.tokenId,
  method: auditLog.method,
  route: auditLog.route,
  path: auditLog.path,
  fields: auditLog.fields,
  address: auditLog.address,
};

/** The newest first; of one account only when it is given. Throws `database.bad-cursor`. */
export const listAuditEntries = guarded(
  async (db: Database, { limit, cursor, userId }: PageRequest & { readonly userId?: number | undefined }) => {
    if (userId !== undefined && !isId(userId)) return { items: [], nextCursor: null };
    const size = clampLimit(limit);
    const [before] = decodeCursor(cursor, 1) ?? [];
    const wanted: SQL[] = [];
    if (before !== undefined) wanted.push(lt(auditLog.id, before));
    if (userId !== undefined) wanted.push(eq(auditLog.userId, userId));
    const rows = await db
      .select(columns)
      .from(auditLog)
      .innerJoin(users, eq(users.id, auditLog.userId))
      .where(and(...wanted))
      .orderBy(desc(auditLog.id))
      .limit(size + 1);
    return toPage(rows, size, ({ id }) => [id]);
  },
);

/** Removes at most so many that are older; returns how many. */
export const forgetAuditEntries = guarded(async (db: Database, days: number, portion: number): Promise<number> => {
  const rows = await db.execute(sql`
    delete from ${auditLog} where ${auditLog.id} in (
      select ${auditLog.id} from ${auditLog} where ${auditLog.at} < now() - ${days}::int * interval '1 day' limit ${portion}
    ) returning 1`);
  return rows.length;
});

/** What the database's server says about our own connections. */
import { sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";

export const CONNECTION_STATES = ["active", "idle", "idle in transaction", "other"] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

/** Connections of all processes of the platform to this database, by what they do; this question's own counts as active. */
export const countConnections = guarded(async (db: Database): Promise<Record<ConnectionState, number>> => {
  const rows = await db.execute<{ state: string | null; count: number }>(sql`
    select state, count(*)::int as count from pg_stat_activity
    where datname = current_database() and application_name = current_setting('application_name') group by state`);
  const counts: Record<ConnectionState, number> = { active: 0, idle: 0, "idle in transaction": 0, other: 0 };
  for (const { state, count } of rows) {
    const known = CONNECTION_STATES.find((each) => each === state) ?? "other";
    counts[known] += count;
  }
  return counts;
});

/** How streams played, as players said: added up when it is written. */
import { eq, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { playbackQuality } from "../schema/playback-quality.ts";

export type PlaybackQuality = typeof playbackQuality.$inferSelect;
export type PlayerKind = PlaybackQuality["player"];

/** Element by element. Arrays of one column have the same length. */
const added = (column: "joins" | "latencies") =>
  sql.raw(`(select array_agg(a + b order by n)
    from unnest(playback_quality.${column}, excluded.${column}) with ordinality as each(a, b, n))`);
const COUNTERS = ["reports", "played", "stalled", "stalls", "switches", "frames", "dropped", "errors"] as const;
const counters = sql.raw(COUNTERS.map((name) => `${name} = playback_quality.${name} + excluded.${name}`).join(", "));

/** Adds to what is there; one row for each stream and player. Those of streams that are gone are left out. */
export const addQuality = guarded(async (db: Database, sums: readonly PlaybackQuality[]): Promise<void> => {
  if (sums.length === 0) return;
  const rows = sums.map(({ streamId, ...rest }) => ({ stream_id: streamId, ...rest }));
  await db.execute(sql`
    insert into ${playbackQuality} (stream_id, player, joins, latencies, ${sql.raw(COUNTERS.join(", "))})
    select stream_id, player, joins, latencies, ${sql.raw(COUNTERS.join(", "))}
    from json_populate_recordset(null::${playbackQuality}, ${JSON.stringify(rows)}::text::json)
    where exists (select from streams where id = stream_id)
    order by stream_id, player
    on conflict (stream_id, player) do update set joins = ${added("joins")}, latencies = ${added("latencies")}, ${counters}`);
});

/** One row for each way in which the stream was played. */
export const qualityOf = guarded(
  (db: Database, streamId: number): Promise<PlaybackQuality[]> =>
    db.select().from(playbackQuality).where(eq(playbackQuality.streamId, streamId)).orderBy(playbackQuality.player),
);

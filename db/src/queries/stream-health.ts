/** How broadcasts were, second by second: written by ingest, read by those who manage them. */
import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { streamHealth } from "../schema/stream-health.ts";
import { streams } from "../schema/streams.ts";
import { isId } from "./channels.ts";

type Numbers = readonly (number | null)[];

/** A minute of one stream. Each list has 60 elements, one for each second; null: nothing was measured. */
export interface HealthMinute {
  readonly streamId: number;
  /** Unix time of its beginning, in milliseconds. */
  readonly minute: number;
  readonly bitrateKbps: Numbers;
  readonly fps: Numbers;
  readonly keyframeSeconds: Numbers;
  readonly missingFrames: Numbers;
  readonly skewMs: Numbers;
  /** By code: first and last second of each stretch, one after the other. */
  readonly problems: Readonly<Record<string, readonly number[]>>;
}

/** Writes minutes, or writes them anew. Those of streams that are gone are left out. */
export const writeHealth = guarded(async (db: Database, minutes: readonly HealthMinute[]): Promise<void> => {
  if (minutes.length === 0) return;
  const rows = minutes.map((row) => ({
    stream_id: row.streamId,
    minute: new Date(row.minute).toISOString(),
    bitrate_kbps: row.bitrateKbps,
    fps: row.fps,
    keyframe_seconds: row.keyframeSeconds,
    missing_frames: row.missingFrames,
    skew_ms: row.skewMs,
    problems: row.problems,
  }));
  await db.execute(sql`
    insert into ${streamHealth} (stream_id, minute, bitrate_kbps, fps, keyframe_seconds, missing_frames, skew_ms, problems)
    select stream_id, minute, bitrate_kbps, fps, keyframe_seconds, missing_frames, skew_ms, problems
    from json_populate_recordset(null::${streamHealth}, ${JSON.stringify(rows)}::text::json)
    where exists (select from ${streams} where ${streams.id} = stream_id)
    order by stream_id, minute
    on conflict (stream_id, minute) do update set bitrate_kbps = excluded.bitrate_kbps, fps = excluded.fps,
      keyframe_seconds = excluded.keyframe_seconds, missing_frames = excluded.missing_frames, skew_ms = excluded.skew_ms,
      problems = excluded.problems`);
});

/** Unix times in milliseconds: from the first on, and before the second. */
export interface HealthRange {
  readonly from: number;
  readonly to: number;
}

export interface HealthPoint {
  /** Which step of the range, from 0. */
  readonly step: number;
  readonly bitrateKbps: number;
  readonly lowestKbps: number;
  readonly fps: number | null;
  /** The longest. */
  readonly keyframeIntervalSeconds: number | null;
  readonly missingFrames: number;
  readonly skewMs: number | null;
}

/** Means over steps of so many seconds; a step in which nothing was measured is not there. */
export const healthPoints = guarded(
  async (db: Database, streamId: number, { from, to }: HealthRange, stepSeconds: number): Promise<HealthPoint[]> => {
    if (!isId(streamId)) return [];
    const [start, end] = [from / 1_000, to / 1_000];
    return db.execute<Record<string, unknown> & HealthPoint>(sql`
      with seconds as (
        select extract(epoch from minute)::float8 + n - 1 as at, kbps, rate, keyframe, missing, skew
        from stream_health, unnest(bitrate_kbps, fps, keyframe_seconds, missing_frames, skew_ms)
          with ordinality as each(kbps, rate, keyframe, missing, skew, n)
        where stream_id = ${streamId}::int and minute > to_timestamp(${start - 60}::float8) and minute < to_timestamp(${end}::float8)
          and kbps is not null
      )
      select floor((at - ${start}::float8) / ${stepSeconds}::float8)::int as step, round(avg(kbps))::int as "bitrateKbps",
        min(kbps)::int as "lowestKbps", round(avg(rate)::numeric, 1)::float8 as fps,
        round(max(keyframe)::numeric, 2)::float8 as "keyframeIntervalSeconds", sum(missing)::int as "missingFrames",
        round(avg(skew))::int as "skewMs"
      from seconds where at >= ${start}::float8 and at < ${end}::float8 group by 1 order by 1`);
  },
);

export interface HealthProblems {
  /** Unix time in milliseconds. */
  readonly minute: number;
  readonly problems: HealthMinute["problems"];
}

/** The minutes that had problems, oldest first. */
export const healthProblems = guarded(
  async (db: Database, streamId: number, { from, to }: HealthRange, limit: number): Promise<HealthProblems[]> => {
    if (!isId(streamId)) return [];
    const { minute, problems } = streamHealth;
    const rows = await db
      .select({ minute, problems })
      .from(streamHealth)
      .where(
        and(
          eq(streamHealth.streamId, streamId),
          gte(minute, new Date(from - 59_999)),
          lt(minute, new Date(to)),
          sql`${problems} <> '{}'::jsonb`,
        ),
      )
      .orderBy(asc(minute))
      .limit(limit);
    return rows.map((row) => ({ minute: row.minute.getTime(), problems: row.problems }));
  },
);

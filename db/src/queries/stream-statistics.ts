/** Statistics of one stream: its sums, how many watched it live, and how much of it was watched. */
import { sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { Share } from "./statistics.ts";

export interface StreamStatistics {
  readonly channelId: number;
  readonly title: string;
  /** Milliseconds since 1970; null: it has not begun. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly totalViews: number;
  readonly uniqueViewers: number;
  /** Seconds. */
  readonly watchTime: number;
  readonly peakViewers: number;
  readonly devices: readonly Share[];
  readonly referrers: readonly Share[];
}

const TOP_REFERRERS = 10;

const sharesBy = (column: "device" | "referrer") => sql`
  select coalesce(json_agg(json_build_object('name', name, 'views', views) order by views desc, name), '[]') from (
    select ${sql.raw(column)} as name, sum(views)::int as views from sources group by 1 order by 2 desc, 1 limit ${TOP_REFERRERS}::int
  ) shares`;

/** Null when there is no such stream. Viewers without an account count once for each day on which they began to watch. */
export const streamStatistics = guarded(async (db: Database, streamId: number): Promise<StreamStatistics | null> => {
  const [row] = await db.execute<Record<string, unknown> & StreamStatistics>(sql`
      with seen as not materialized (
        select user_id, case when user_id is null then coalesce(nullif(visitor, ''), session_id) end as visitor, watch_duration, device, referrer
        from stream_views where stream_id = ${streamId}::int
      ), sources as materialized (
        select device, referrer, count(*) as views, sum(watch_duration) as watch_time from seen group by device, referrer
      )
      select channel_id as "channelId", title, (extract(epoch from started_at) * 1000)::float8 as "startedAt",
        (extract(epoch from ended_at) * 1000)::float8 as "endedAt", (select coalesce(sum(views), 0)::int from sources) as "totalViews",
        (select count(*)::int from (select from seen group by user_id, visitor) viewers) as "uniqueViewers",
        (select coalesce(sum(watch_time), 0)::float8 from sources) as "watchTime", peak_viewers as "peakViewers",
        (${sharesBy("device")}) as devices, (${sharesBy("referrer")}) as referrers
      from streams where id = ${streamId}::int`);
  return row ?? null;
});

export interface MinuteStep {
  /** First minute of the step, counted from the start of the stream. */
  readonly minute: number;
  /** Most viewers at once. */
  readonly viewers: number;
  /** Sessions that watched in a minute of the step, on average. */
  readonly watched: number;
}

export interface StreamMinutes {
  /** Milliseconds since 1970; null: it has not begun. */
  readonly startedAt: number | null;
  /** Minutes that each step has; the last may have fewer. */
  readonly step: number;
  /** Viewing sessions of the stream. */
  readonly views: number;
  /** All of them from the first minute on, also those in which there was nobody. */
  readonly steps: readonly MinuteStep[];
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440];
/** A bit more than a day, minute by minute. */
const MAX_STEPS = 1_500;

const stepOf = (minutes: number): number =>
  STEPS.find((step) => minutes / step <= MAX_STEPS) ?? Math.ceil(minutes / MAX_STEPS);

/** The minutes of a stream, as many together as makes at most 1,500 steps. Null when there is no such stream. */
export const streamMinutesOf = guarded(
  async (db: Database, streamId: number, now: number): Promise<StreamMinutes | null> => {
    const [stream] = await db.execute<{ startedAt: number | null; endedAt: number | null; views: number }>(sql`
      select (extract(epoch from started_at) * 1000)::float8 as "startedAt", (extract(epoch from ended_at) * 1000)::float8 as "endedAt",
        view_count as views
      from streams where id = ${streamId}::int`);
    if (stream === undefined) return null;
    const { startedAt, endedAt, views } = stream;
    if (startedAt === null) return { startedAt, step: 1, views, steps: [] };
    const length = Math.max(1, Math.ceil(((endedAt ?? now) - startedAt) / 60_000));
    const step = stepOf(length);
    // Viewers counted in the very moment of the end belong to the last minute; anything later is nobody's.
    const rows = await db.execute<{ place: number; viewers: number; watched: number }>(sql`
      select least(minute, ${length - 1}::int) / ${step}::int as place, max(viewers) as viewers, 
        coalesce(sum(watched) filter (where minute < ${length}::int), 0)::float8 as watched
      from stream_minutes where stream_id = ${streamId}::int and minute <= ${length}::int group by 1`);
    const steps = Array.from({ length: Math.ceil(length / step) }, (_, n) => ({
      minute: n * step,
      viewers: 0,
      watched: 0,
    }));
    for (const { place, viewers, watched } of rows) {
      const minute = place * step;
      steps[place] = { minute, viewers, watched: watched / Math.min(step, length - minute) };
    }
    return { startedAt, step, views, steps };
  },
);

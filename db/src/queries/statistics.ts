/**
 * Reads of a channel's, or of all of an account's channels' statistics over a range of days. Final days come from `statistics`; those that may still
 * change are counted from their sessions, so a number is never older than its sessions.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { addDays, type ChannelScope, countedDays, type DayRange, inScope, startOf } from "./statistics-days.ts";
import { firstLiveDay } from "./statistics-rollup.ts";

export interface StatisticsRequest extends DayRange {
  /** Milliseconds since 1970. */
  readonly now: number;
}

const columns = sql.raw("channel_id, date, total_views, unique_viewers, watch_time, peak_viewers, devices, referrers");

/** Common table expressions: `days`, `watching` and `watched` have rows as `statistics`, `statistics_viewers` and `statistics_streams` have. */
async function daysOf(db: Database, scope: ChannelScope, { from, to, now }: StatisticsRequest): Promise<SQL> {
  const live = await firstLiveDay(db, now);
  const [mine, theirs] = [inScope(scope, sql`channel_id`), sql`date >= ${from} and date <= ${to} and date < ${live}`];
  const days = sql`select ${columns} from statistics where ${mine} and ${theirs}`;
  const watching = sql`select channel_id, date, user_id from statistics_viewers where ${mine} and ${theirs}`;
  const watched = sql`select channel_id, date, stream_id, views, watch_time from statistics_streams where ${mine} and ${theirs}`;
  if (live > to) return sql`days as (${days}), watching as (${watching}), watched as (${watched})`;
  return sql`${countedDays({ from: live > from ? live : from, to }, scope)},
    days as (${days} union all select ${columns} from counted),
    watching as (${watching} union all select channel_id, date, user_id from accounts),
    watched as (${watched} union all select channel_id, date, stream_id, views, watch_time from counted_streams)`;
}

export interface Totals {
  readonly totalViews: number;
  readonly uniqueViewers: number;
  /** Seconds. */
  readonly watchTime: number;
  readonly peakViewers: number;
  /** Broadcasts that began within the range. */
  readonly streams: number;
  /** Seconds of the range that were live. */
  readonly liveTime: number;
}

/** Views by class of device or by host, the most first. */
export interface Share {
  readonly name: string;
  readonly views: number;
}

export interface Summary {
  readonly total: Totals;
  /** By channel id; a channel without anything in the range is missing. */
  readonly channels: ReadonlyMap<number, Totals>;
  readonly devices: readonly Share[];
  readonly referrers: readonly Share[];
}

const TOP_REFERRERS = 10;
const NOTHING: Totals = { totalViews: 0, uniqueViewers: 0, watchTime: 0, peakViewers: 0, streams: 0, liveTime: 0 };

const sharesOf = (column: SQL): SQL => sql`
  select coalesce(json_agg(json_build_object('name', name, 'views', views) order by views desc, name), '[]') from (
    select key as name, sum(value::int)::int as views from days cross join lateral jsonb_each_text(${column}) group by key
    order by 2 desc, 1 limit ${TOP_REFERRERS}::int
  ) shares`;

/**
 * Sums over the range. An account that watches on several days or several of the channels is one unique viewer; viewers without one have another
 * name every day and count once a day and channel. The peak is the highest of all days and channels.
 */
export const summariseStatistics = guarded(
  async (db: Database, scope: Exclude<ChannelScope, null>, request: StatisticsRequest): Promise<Summary> => {
    const [start, end] = [startOf(request.from), startOf(addDays(request.to, 1))];
    const at = sql`to_timestamp(${request.now}::float8 / 1000)`;
    const [row] = await db.execute<{
      totals: (Totals & { channelId: number })[];
      devices: Share[];
      referrers: Share[];
    }>(sql`
      with ${await daysOf(db, scope, request)},
      -- 0: all channels together.
      sums as (
        select coalesce(channel_id, 0) as channel_id, sum(total_views) as views, sum(unique_viewers) as viewers, sum(watch_time) as watch_time,
          max(peak_viewers) as peak
        from days group by grouping sets ((channel_id), ())
      ), again as (
        select coalesce(channel_id, 0) as channel_id, count(*) - count(distinct user_id) as times
        from watching group by grouping sets ((channel_id), ())
      ), broadcasts as (
        select coalesce(channel_id, 0) as channel_id, count(*) filter (where started_at >= ${start}) as streams,
          sum(greatest(0, extract(epoch from least(coalesce(ended_at, ${at}), ${at}, ${end}) - greatest(started_at, ${start})))) as live_time
        from streams s
        where ${inScope(scope, sql`s.channel_id`)} and started_at < ${end} and (ended_at >= ${start} or is_live)
        group by grouping sets ((channel_id), ())
      ), totals as (
        select channel_id as "channelId", coalesce(views, 0)::float8 as "totalViews",
          greatest(0, coalesce(viewers, 0) - coalesce(times, 0))::float8 as "uniqueViewers", coalesce(watch_time, 0)::float8 as "watchTime",
          coalesce(peak, 0) as "peakViewers", coalesce(streams, 0)::int as streams, floor(coalesce(live_time, 0))::float8 as "liveTime"
        from sums full join again using (channel_id) full join broadcasts using (channel_id)
      )
      select (select json_agg(totals) from totals) as totals, (${sharesOf(sql`devices`)}) as devices, (${sharesOf(sql`referrers`)}) as referrers`);
    const channels = new Map(row?.totals.map(({ channelId, ...totals }) => [channelId, totals]));
    const total = channels.get(0) ?? NOTHING;
    channels.delete(0);
    return { total, channels, devices: row?.devices ?? [], referrers: row?.referrers ?? [] };
  },
);

export interface DayStatistics {
  /** YYYY-MM-DD, UTC. */
  readonly date: string;
  readonly totalViews: number;
  readonly uniqueViewers: number;
  /** Seconds. */
  readonly watchTime: number;
  readonly peakViewers: number;
}

/** The days of a channel on which there was anything, in order. */
export const dailyStatistics = guarded(
  async (db: Database, channelId: number, request: StatisticsRequest): Promise<DayStatistics[]> => {
    const rows = await db.execute<Record<string, unknown> & DayStatistics>(sql`
      with ${await daysOf(db, { channelId }, request)}
      select date, total_views as "totalViews", unique_viewers as "uniqueViewers", watch_time::float8 as "watchTime",
        peak_viewers as "peakViewers"
      from days order by date`);
    return [...rows];
  },
);

export const TOP_SORTS = ["views", "watchTime", "peakViewers"] as const;
export type TopSort = (typeof TOP_SORTS)[number];

export interface TopStream {
  readonly id: number;
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Seconds; null while it is live. */
  readonly duration: number | null;
  readonly views: number;
  /** Seconds. */
  readonly watchTime: number;
  /** Of the whole stream. */
  readonly peakViewers: number;
}

/** Columns by their place: 5 views, 6 watch time, 7 peak. */
const TOP_ORDER: Readonly<Record<TopSort, SQL>> = {
  views: sql`5 desc, 6 desc`,
  watchTime: sql`6 desc, 5 desc`,
  peakViewers: sql`7 desc, 5 desc`,
};

/** Streams of a channel that were live or watched within the range, with the views that began within it. */
export const topStreams = guarded(
  async (
    db: Database,
    channelId: number,
    request: StatisticsRequest & { readonly sort: TopSort; readonly limit: number },
  ): Promise<TopStream[]> => {
    const [start, end] = [startOf(request.from), startOf(addDays(request.to, 1))];
    const rows = await db.execute<Record<string, unknown> & TopStream>(sql`
      with ${await daysOf(db, { channelId }, request)},
      w as (
        select stream_id, sum(views) as views, sum(watch_time) as watch_time from watched group by stream_id
      )
      select s.id, s.title, (extract(epoch from s.started_at) * 1000)::float8 as "startedAt", s.duration,
        coalesce(w.views, 0)::int as views, coalesce(w.watch_time, 0)::float8 as "watchTime", s.peak_viewers as "peakViewers"
      from streams s left join w on w.stream_id = s.id
      where s.channel_id = ${channelId}::int and s.started_at is not null
        and (w.stream_id is not null or (s.started_at < ${end} and (s.ended_at >= ${start} or s.is_live)))
      order by ${TOP_ORDER[request.sort]}, s.started_at desc, s.id desc limit ${request.limit}::int`);
    return [...rows];
  },
);

/** What the channels of an account are called, the oldest first. */
export const channelNames = guarded(
  async (db: Database, ownerId: number): Promise<{ id: number; slug: string; title: string }[]> => {
    const rows = await db.execute<{ id: number; slug: string; title: string }>(
      sql`select id, slug, title from channels where user_id = ${ownerId}::int order by id`,
    );
    return [...rows];
  },
);

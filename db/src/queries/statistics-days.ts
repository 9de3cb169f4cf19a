/**
 * What a day of a channel was, counted from its viewing sessions. The roll-up and the reads of days that are not final yet count by the same SQL, so
 * that both give the same numbers. Days are UTC, written YYYY-MM-DD.
 *
 * A session belongs, with all its watch time, to the day on which it began, also when it goes on past midnight. Viewers of a day are the accounts
 * that watched, and the browsers without one (`visitor`, another name every day). The peak is the most viewers at once in a minute that began on
 * that day, so it may be there without a session: players that never call the API are in it.
 */
import { type SQL, sql } from "drizzle-orm";

/** Both ends belong to it; nothing when `to` is before `from`. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** One channel, or all of an account's; null: all. */
export type ChannelScope = { readonly channelId: number } | { readonly ownerId: number } | null;

/** So many hosts a day are kept by name; visitors can make up any number of them. */
const MAX_REFERRERS = 100;

const MILLISECONDS_PER_DAY = 86_400_000;

export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * MILLISECONDS_PER_DAY).toISOString().slice(0, 10);

/** The moment at which a day begins. */
export const startOf = (day: string): SQL => sql`(${day}::text::timestamp at time zone 'UTC')`;

export const inScope = (scope: ChannelScope, channelId: SQL): SQL => {
  if (scope === null) return sql`true`;
  if ("channelId" in scope) return sql`${channelId} = ${scope.channelId}::int`;
  return sql`${channelId} in (select id from channels where user_id = ${scope.ownerId}::int)`;
};

/**
 * Common table expressions over a range of days: `accounts` (channel_id, date, user_id), `counted_streams` (channel_id, date,
 * stream_id, views, watch_time) and `counted` (channel_id, date, total_views, unique_viewers, watch_time in seconds, peak_viewers, devices, referrers), a row for each day on which there was anything.
 */
export function countedDays({ from, to }: DayRange, scope: ChannelScope): SQL {
  const [start, end] = [startOf(from), startOf(addDays(to, 1))];
  // Read twice rather than kept: two small sums are made of many rows that would go to disk and back.
  return sql`seen as not materialized (
      select s.channel_id, v.stream_id, (v.started_at at time zone 'UTC')::date as day, v.user_id,
        case when v.user_id is null then coalesce(nullif(v.visitor, ''), v.session_id) end as visitor,
        v.watch_duration, v.device, v.referrer
      from stream_views v join streams s on s.id = v.stream_id
      where v.started_at >= ${start} and v.started_at < ${end} and ${inScope(scope, sql`s.channel_id`)}
    ), sources as materialized (
      select channel_id, stream_id, to_char(day, 'YYYY-MM-DD') as date, device, referrer, count(*) as views, sum(watch_duration) as watch_time
      from seen group by channel_id, stream_id, day, device, referrer
    ), viewers as materialized (
      select channel_id, to_char(day, 'YYYY-MM-DD') as date, user_id from seen group by channel_id, day, user_id, visitor
    ), accounts as (
      select channel_id, date, user_id from viewers where user_id is not null
    ), counted_streams as (
      select channel_id, date, stream_id, sum(views)::int as views, sum(watch_time)::bigint as watch_time
      from sources group by channel_id, date, stream_id
    ), counted_viewers as (
      select channel_id, date, count(*)::int as unique_viewers from viewers group by channel_id, date
    ), counted_views as (
      select channel_id, date, sum(views)::int as total_views, sum(watch_time)::bigint as watch_time from sources group by channel_id, date
    ), counted_peaks as (
      select s.channel_id, d.date, max(m.viewers) as peak_viewers
      from streams s
      cross join lateral (
        select to_char(d, 'YYYY-MM-DD') as date,
          ceil(extract(epoch from d at time zone 'UTC' - s.started_at) / 60)::int as first,
          ceil(extract(epoch from (d + interval '1 day') at time zone 'UTC' - s.started_at) / 60)::int as past
        from generate_series(${from}::text::timestamp, ${to}::text::timestamp, interval '1 day') d
      ) d
      join stream_minutes m on m.stream_id = s.id and m.minute >= d.first and m.minute < d.past
      where s.started_at < ${end} and (s.ended_at >= ${start} or s.is_live) and ${inScope(scope, sql`s.channel_id`)}
      group by s.channel_id, d.date having max(m.viewers) > 0
    ), counted_devices as (
      select channel_id, date, jsonb_object_agg(device, views) as devices
      from (select channel_id, date, device, sum(views) as views from sources group by channel_id, date, device) d group by channel_id, date
    ), counted_referrers as (
      select channel_id, date, jsonb_object_agg(referrer, views) as referrers
      from (
        select channel_id, date, referrer, sum(views) as views,
          row_number() over (partition by channel_id, date order by sum(views) desc, referrer) as place
        from sources group by channel_id, date, referrer
      ) r where place <= ${MAX_REFERRERS}::int group by channel_id, date
    ), counted as (
      select channel_id, date, coalesce(total_views, 0) as total_views, coalesce(unique_viewers, 0) as unique_viewers,
        coalesce(watch_time, 0) as watch_time, coalesce(peak_viewers, 0) as peak_viewers,
        coalesce(devices, '{}') as devices, coalesce(referrers, '{}') as referrers
      from counted_views
      full join counted_peaks using (channel_id, date)
      left join counted_viewers using (channel_id, date)
      left join counted_devices using (channel_id, date)
      left join counted_referrers using (channel_id, date)
    )`;
}

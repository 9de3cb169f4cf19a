/**
 * The daily roll-up into `statistics`: days are counted anew from their sessions while anything may still change in them, and then never again.
 * `rollups.open_from` says which day that is, so after a downtime the days that were missed are counted first. Running it twice changes nothing.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import { addDays, countedDays, startOf } from "./statistics-days.ts";

const NAME = "statistics";
/** Milliseconds. A session that has ended may be gone on with, heartbeats come in batches, clocks of processes differ: a day waits for them. */
const SETTLED_AFTER = 2 * 3_600_000;
/** Milliseconds after its end: no session is as long as that, so one that is still open was forgotten. */
const FINAL_AFTER = 2 * 86_400_000;
/** A day of a large platform takes longer than a request may. Milliseconds. */
const DAY_TIMEOUT = 300_000;
/** Days that reads count from sessions themselves, today included, however far behind the roll-up is. */
const LIVE_DAYS = 3;

const dayOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

/**
 * The first day that reads have to count from sessions, because its row in `statistics` is not final: the open ones, of the last three days.
 * Today is one of them, whatever the clock said when the roll-up ran.
 */
export async function firstLiveDay(db: Database, now: number): Promise<string> {
  const [row] = await db.execute<{ open_from: string }>(sql`select open_from from rollups where name = ${NAME}`);
  const today = dayOf(now);
  const earliest = addDays(today, 1 - LIVE_DAYS);
  if (row === undefined || row.open_from < earliest) return earliest;
  const isAhead = row.open_from > today;
  return isAhead ? today : row.open_from;
}

/** The first day of all that has something to count; today when there is none. */
async function firstDay(db: Database, today: string): Promise<string> {
  const [row] = await db.execute<{ day: string | null }>(sql`
    select to_char(least((select min(started_at) from stream_views), (select min(started_at) from streams)) at time zone 'UTC', 'YYYY-MM-DD') as day`);
  const day = row?.day ?? today;
  return day < today ? day : today;
}

/**
 * Inside a transaction: counts a day of all channels and writes what has changed. Before it touches a row it holds the channels of all of them: those
 * who delete a channel, a stream or an account do the same, so nobody waits for another in a circle. (An array is complete before it is read.)
 */
async function writeDay(tx: Database, day: string): Promise<number> {
  const held = sql`in (select unnest(ids) from held)`;
  const rows = await tx.execute<{ written: number }>(sql`
    with ${countedDays({ from: day, to: day }, null)},
    held as materialized (
      select coalesce(array_agg(id), '{}') as ids from (
        select id from channels c
        where id in (select channel_id from counted) or exists (select from statistics t where t.channel_id = c.id and t.date = ${day})
        order by id for key share
      ) c
    ), written as (
      insert into statistics (channel_id, date, total_views, unique_viewers, avg_watch_time, watch_time, peak_viewers, devices, referrers)
      select channel_id, date, total_views, unique_viewers, coalesce(watch_time::float8 / nullif(total_views, 0), 0), watch_time,
        peak_viewers, devices, referrers
      from counted where channel_id ${held}
      on conflict (channel_id, date) do update set total_views = excluded.total_views, unique_viewers = excluded.unique_viewers,
        avg_watch_time = excluded.avg_watch_time, watch_time = excluded.watch_time, peak_viewers = excluded.peak_viewers,
        devices = excluded.devices, referrers = excluded.referrers
      where (statistics.total_views, statistics.unique_viewers, statistics.watch_time, statistics.peak_viewers, statistics.devices,
          statistics.referrers)
        is distinct from (excluded.total_views, excluded.unique_viewers, excluded.watch_time, excluded.peak_viewers, excluded.devices,
          excluded.referrers)
      returning 1
    ), emptied as (
      delete from statistics t using channels c
      where t.channel_id = c.id and t.date = ${day} and c.id ${held} and c.id not in (select channel_id from counted)
      returning 1
    ),
    streams_held as materialized (
      select coalesce(array_agg(id), '{}') as ids from (
        select id from streams where id in (select stream_id from counted_streams) and channel_id ${held} order by id for key share
      ) s
    ), streams_written as (
      insert into statistics_streams (channel_id, date, stream_id, views, watch_time)
      select channel_id, date, stream_id, views, watch_time from counted_streams where stream_id in (select unnest(ids) from streams_held)
      on conflict (channel_id, date, stream_id) do update set views = excluded.views, watch_time = excluded.watch_time
      where (statistics_streams.views, statistics_streams.watch_time) is distinct from (excluded.views, excluded.watch_time)
    ), streams_emptied as (
      delete from statistics_streams t using channels c
      where t.channel_id = c.id and t.date = ${day} and c.id ${held}
        and not exists (select from counted_streams s where s.channel_id = t.channel_id and s.stream_id = t.stream_id)
    ),
    new_accounts as materialized (
      select a.* from accounts a where not exists (
        select from statistics_viewers t where t.channel_id = a.channel_id and t.date = a.date and t.user_id = a.user_id)
    ), accounts_held as materialized (
      -- One that is being changed comes next time: whoever removes an account holds it before its channels.
      select id from users where id in (select user_id from new_accounts) and deleted_at is null order by id for key share skip locked
    ), accounts_written as (
      insert into statistics_viewers (channel_id, date, user_id)
      select channel_id, date, user_id from new_accounts
      where channel_id ${held} and user_id in (select id from accounts_held)
      on conflict do nothing
    ), accounts_emptied as (
      delete from statistics_viewers t using channels c
      where t.channel_id = c.id and t.date = ${day} and c.id ${held}
        and not exists (select from accounts a where a.channel_id = t.channel_id and a.user_id = t.user_id)
    )
    select ((select count(*) from written) + (select count(*) from emptied))::int as written`);
  return rows[0]?.written ?? 0;
}

/** Inside a transaction, after the day was counted: whether nothing can change in it any more. */
async function isFinal(tx: Database, day: string, now: number): Promise<boolean> {
  const over = now - Date.parse(`${addDays(day, 1)}T00:00:00Z`);
  if (over < SETTLED_AFTER) return false;
  if (over >= FINAL_AFTER) return true;
  const [row] = await tx.execute<{ moving: boolean }>(sql`
    select exists (
      select from stream_views where started_at >= ${startOf(day)} and started_at < ${startOf(addDays(day, 1))}
        and (ended_at is null or ended_at > to_timestamp(${now - SETTLED_AFTER}::float8 / 1000))
    ) as moving`);
  return row?.moving === false;
}

export interface RollUpResult {
  /** `busy`: another process has it in hand. */
  readonly kind: "done" | "busy" | "stopped";
  /** Days that were counted. */
  readonly days: number;
  /** Rows of `statistics` that are other ones than before. */
  readonly written: number;
}

interface RollUpRequest {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Asked before each day; a day that was counted stays. */
  readonly isStopped?: () => boolean;
}

/**
 * Counts all open days up to today, the earliest first, each in a transaction of its own that holds the row of `rollups`: of several processes at
 * once, one does the work.
 */
export const rollUpStatistics = guarded(
  async (db: Database, { now, isStopped = () => false }: RollUpRequest): Promise<RollUpResult> => {
    const today = dayOf(now);
    const first = await firstDay(db, today);
    await db.execute(sql`insert into rollups (name, open_from) values (${NAME}, ${first}) on conflict do nothing`);
    // A clock that was ahead has made days final that had not come.
    await db.execute(sql`update rollups set open_from = ${today} where name = ${NAME} and open_from > ${today}`);
    const [open] = await db.execute<{ open_from: string }>(sql`select open_from from rollups where name = ${NAME}`);
    let days = 0;
    let written = 0;
    let day = open?.open_from ?? today;
    while (day <= today) {
      if (isStopped()) return { kind: "stopped", days, written };
      const asked = day;
      const outcome = await db.transaction(async (tx) => {
        await tx.execute(sql.raw(`set local statement_timeout = ${DAY_TIMEOUT}`));
        // Who has begun goes through to the end and waits for nobody but others who have.
        const [held] = await tx.execute<{ open_from: string }>(
          sql`select open_from from rollups where name = ${NAME} for update ${sql.raw(days === 0 ? "skip locked" : "")}`,
        );
        if (held === undefined) return null;
        if (held.open_from > asked) return { next: held.open_from, counted: 0, changed: 0 };
        const changed = await writeDay(tx, asked);
        const next = addDays(asked, 1);
        if (held.open_from === asked && (await isFinal(tx, asked, now)))
          await tx.execute(sql`update rollups set open_from = ${next} where name = ${NAME}`);
        return { next, counted: 1, changed };
      });
      if (outcome === null) return { kind: "busy", days, written };
      day = outcome.next;
      days += outcome.counted;
      written += outcome.changed;
    }
    return { kind: "done", days, written };
  },
);

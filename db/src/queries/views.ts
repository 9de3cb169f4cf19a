/**
 * Viewing sessions, many rows with each statement. Watch time is counted here and nowhere else: the time between two heartbeats is added under the
 * lock of the session's row, so that it counts once, however often, where and in which order heartbeats arrive. Times are milliseconds since 1970,
 * of the process that took the request.
 */
import { sql } from "drizzle-orm";
import type { Database } from "../connect.ts";
import { guarded } from "../database-error.ts";
import type { Device } from "../user-agent.ts";

/** Rows as one parameter: a statement stays the same statement, whatever their number. */
const rowsOf = (rows: readonly object[]) => sql`json_to_recordset(${JSON.stringify(rows)}::text::json)`;

const instantOf = (milliseconds: string) => sql.raw(`to_timestamp(${milliseconds} / 1000.0)`);

export interface ViewToOpen {
  readonly userId: number | null;
  /** Taken when a new session opens. */
  readonly sessionId: string;
  readonly visitor: string;
  /** Names that this browser has today and had yesterday; none for one that has brought no cookie. */
  readonly known: readonly string[];
  /** The session that it had from the request that gave it its cookie: under another name, as it had none yet. */
  readonly first: string | null;
  readonly device: Device;
  readonly referrer: string;
  readonly at: number;
}

export interface ViewSession {
  readonly id: number;
  readonly sessionId: string;
  readonly streamId: number;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly streamStartedAt: number;
  readonly streamEndedAt: number | null;
}

export interface OpenRules {
  /** A viewer who comes back within so long goes on with the session. */
  readonly resumeWithin: number;
  /** No session is longer than this. */
  readonly longest: number;
}

const sessionColumns = sql.raw(`v.id, v.session_id as "sessionId", v.stream_id as "streamId",
  (extract(epoch from v.started_at) * 1000)::float8 as "startedAt", (extract(epoch from v.ended_at) * 1000)::float8 as "endedAt",
  (extract(epoch from s.started_at) * 1000)::float8 as "streamStartedAt", (extract(epoch from s.ended_at) * 1000)::float8 as "streamEndedAt"`);

/** The first request of each viewer; null: of nobody that could be known. */
function leadersOf(requests: readonly ViewToOpen[]): number[] {
  const first = new Map<string, number>();
  return requests.map(({ userId, known }, n) => {
    const who = userId === null ? known[0] : `user ${userId}`;
    if (who === undefined) return n;
    const leader = first.get(who) ?? n;
    first.set(who, leader);
    return leader;
  });
}

/**
 * Opens sessions of one stream, or goes on with those that the same viewer (user, or else browser) has of it: two tabs are one session. Counts the
 * new ones as views. One result per request, in their order; null for all where the stream is gone or has not begun.
 */
export const openViews = guarded(
  async (
    db: Database,
    streamId: number,
    requests: readonly ViewToOpen[],
    rules: OpenRules,
  ): Promise<(ViewSession | null)[]> => {
    const leaders = leadersOf(requests);
    const asked = requests.map((request, n) => ({ n, ...request })).filter(({ n }) => leaders[n] === n);
    const rows = await db.transaction(async (tx) => {
      // A statement of its own: the next one sees what others opened while this one waited.
      const alive = await tx.execute(sql`
        select id from streams where id = ${streamId}::int and started_at is not null for no key update`);
      if (alive.length === 0) return [];
      return tx.execute<Record<string, unknown> & ViewSession & { n: number }>(sql`
        with asked as materialized (
          select * from ${rowsOf(asked)}
            as r(n int, "userId" int, "sessionId" text, visitor text, known json, first text, device text, referrer text, at float8)
        ), found as materialized (
          select a.n, v.id from asked a cross join lateral (
            select id from (
              select v.id, v.started_at, v.ended_at, v.heartbeat_at from stream_views v
              where v.stream_id = ${streamId}::int and v.visitor in (select json_array_elements_text(a.known))
                and (v.user_id is null or v.user_id = a."userId")
              union all
              select v.id, v.started_at, v.ended_at, v.heartbeat_at from stream_views v
              where v.stream_id = ${streamId}::int and v.user_id = a."userId"
              union all
              select v.id, v.started_at, v.ended_at, v.heartbeat_at from stream_views v
              where v.session_id = a.first and v.stream_id = ${streamId}::int and (v.user_id is null or v.user_id = a."userId")
            ) v
            where v.started_at > ${instantOf("a.at")} - ${rules.longest}::float8 * interval '1 millisecond'
              and coalesce(v.ended_at, v.heartbeat_at, v.started_at) > ${instantOf("a.at")} - ${rules.resumeWithin}::float8 * interval '1 millisecond'
            order by id desc limit 1
          ) v
        ), resumed as (
          update stream_views v set ended_at = null, user_id = coalesce(v.user_id, f."userId"),
            visitor = case when v.session_id = f.first then coalesce(f.known ->> (
              case when date(v.started_at at time zone 'UTC') = date(${instantOf("f.at")} at time zone 'UTC') then 0 else 1 end), v.visitor)
              else v.visitor end,
            heartbeat_at = case when v.ended_at is null then v.heartbeat_at else greatest(v.heartbeat_at, ${instantOf("f.at")}) end
          from (select distinct on (f.id) f.id, a."userId", a.first, a.known, a.at from found f join asked a on a.n = f.n order by f.id, a.at) f
          where v.id = f.id
          returning v.*
        ), opened as (
          insert into stream_views (stream_id, user_id, session_id, visitor, device, referrer, started_at, heartbeat_at)
          select ${streamId}::int, a."userId", a."sessionId", a.visitor, a.device, a.referrer, ${instantOf("a.at")}, ${instantOf("a.at")}
          from asked a where a.n not in (select n from found)
          returning *
        ), counted as (
          update streams set view_count = view_count + new.count
          from (select count(*)::int as count from opened) new where id = ${streamId}::int and new.count > 0
        )
        select f.n, ${sessionColumns} from resumed v join found f on f.id = v.id join streams s on s.id = v.stream_id
        union all
        select a.n, ${sessionColumns} from opened v join asked a on a."sessionId" = v.session_id join streams s on s.id = v.stream_id`);
    });
    const results = new Array<ViewSession | null>(requests.length).fill(null);
    for (const { n, ...session } of rows) results[n] = session;
    return leaders.map((leader) => results[leader] ?? null);
  },
);

/** Sessions by what clients call them; open or ended. Unknown ones are missing. */
export const loadViews = guarded(async (db: Database, sessionIds: readonly string[]): Promise<ViewSession[]> => {
  const rows = await db.execute<Record<string, unknown> & ViewSession>(sql`
    select ${sessionColumns} from stream_views v join streams s on s.id = v.stream_id
    where v.session_id in (select json_array_elements_text(${JSON.stringify(sessionIds)}::text::json))`);
  return [...rows];
});

/** One or more heartbeats of a session, added up. */
export interface Beat {
  readonly id: number;
  readonly streamId: number;
  /** Of the first and of the last heartbeat. */
  readonly first: number;
  readonly at: number;
  /** Milliseconds of watching between the two. */
  readonly between: number;
  /** The first one says that nothing was watched before it. */
  readonly idle: boolean;
  /** Seconds of the stream that is on the screen; null when there is no telling. */
  readonly position: number | null;
  /** A better name for the viewer than the one at the opening; null: keep it. */
  readonly visitor: string | null;
  readonly over: boolean;
}

export interface BeatsWritten {
  /** Sessions that were open and have it now. */
  readonly written: readonly number[];
  /** Somebody else is changing these: try again. */
  readonly busy: readonly number[];
  /** Ended before, or gone with their stream. */
  readonly over: readonly number[];
}

/** A beat much earlier than asked for says nothing about another minute of the stream. Seconds. */
const LEAST_FOR_A_MINUTE = 4;

/**
 * Adds the time since each session's last heartbeat, at most `cap` milliseconds of a silence, and the minutes of the stream that were watched
 * meanwhile. Whole seconds are counted; what is left of one stays for the next time. `beats` has a session once. Waits for nobody who changes or
 * deletes a session, so it can't be part of a deadlock.
 */
export const writeBeats = guarded(async (db: Database, beats: readonly Beat[], cap: number): Promise<BeatsWritten> => {
  const rows = await db.execute<{ id: number }>(sql`
    with beats as materialized (
      select * from ${rowsOf(beats)} as b(id int, "streamId" int, first float8, at float8, "between" float8, idle boolean,
        position float8, visitor text, over boolean)
    ), alive as materialized (
      select id, extract(epoch from ended_at - started_at)::float8 as length
      from streams where id in (select "streamId" from beats) order by id for key share skip locked
    ), held as materialized (
      select v.id, v.stream_id, v.minutes, v.started_at, coalesce(v.heartbeat_at, v.started_at) as before,
        case when b.position is not null then least(b.position, alive.length) end as position, b.visitor, b.over, b.idle, b."between" / 1000 as more, ${instantOf("b.at")} as at,
        extract(epoch from ${instantOf("b.first")} - coalesce(v.heartbeat_at, v.started_at))::float8 as silence,
        extract(epoch from ${instantOf("b.at")} - coalesce(v.heartbeat_at, v.started_at))::float8 as elapsed
      from stream_views v join beats b on b.id = v.id join alive on alive.id = v.stream_id
      where v.ended_at is null order by v.id for update of v skip locked
    ), earned as materialized (
      select *, greatest(0, least(elapsed, more + case when idle then 0 else greatest(0, least(silence, ${cap / 1_000}::float8)) end)) as seconds
      from held
    ), credited as materialized (
      select *, floor(seconds + 0.0005)::int as credit from earned
    ), watched as materialized (
      select *, case when position is not null and (credit >= ${LEAST_FOR_A_MINUTE} or (minutes = '{}' and not idle))
        then int4multirange(int4range(floor(greatest(0, position - credit) / 60)::int, floor(greatest(0, position) / 60)::int + 1)) - minutes
        else '{}'::int4multirange end as fresh
      from credited
    ), minutes as (
      insert into stream_minutes (stream_id, minute, watched)
      select stream_id, minute, count(*)::int
      from watched cross join lateral unnest(fresh) as range cross join lateral generate_series(lower(range), upper(range) - 1) as minute
      group by stream_id, minute order by stream_id, minute
      on conflict (stream_id, minute) do update set watched = stream_minutes.watched + excluded.watched
    )
    update stream_views v set
      watch_duration = v.watch_duration + w.credit,
      heartbeat_at = greatest(w.before, w.at - greatest(0, w.seconds - w.credit) * interval '1 second'),
      minutes = w.minutes + w.fresh,
      visitor = coalesce(w.visitor, v.visitor),
      ended_at = case when w.over then greatest(w.started_at, w.before, w.at) end
    from watched w where v.id = w.id
    returning v.id`);
  const written = rows.map(({ id }) => id);
  if (written.length === beats.length) return { written, busy: [], over: [] };
  const done = new Set(written);
  const left = beats.map(({ id }) => id).filter((id) => !done.has(id));
  const open = await db.execute<{ id: number }>(sql`
    select id from stream_views where ended_at is null
      and id in (select value::int from json_array_elements_text(${JSON.stringify(left)}::text::json))`);
  const busy = new Set(open.map(({ id }) => id));
  return { written, busy: [...busy], over: left.filter((id) => !busy.has(id)) };
});

/** Ends open sessions that were silent since `silentSince`, or opened before `openedBefore`, at their last heartbeat. Returns how many. */
export const endSilentViews = guarded(
  async (db: Database, limits: { silentSince: number; openedBefore: number }): Promise<number> => {
    const rows = await db.execute(sql`
      update stream_views set ended_at = greatest(started_at, heartbeat_at) where id in (
        select id from stream_views where ended_at is null
          and (coalesce(heartbeat_at, started_at) < to_timestamp(${limits.silentSince}::float8 / 1000)
            or started_at < to_timestamp(${limits.openedBefore}::float8 / 1000))
        order by id for update skip locked
      ) returning id`);
    return rows.length;
  },
);

export interface LiveStream {
  readonly id: number;
  readonly channelId: number;
  readonly visibility: "public" | "unlisted" | "private";
  readonly startedAt: number;
}

/** All streams that are live now. */
export const listLiveStreams = guarded(async (db: Database): Promise<LiveStream[]> => {
  const rows = await db.execute<Record<string, unknown> & LiveStream>(sql`
    select s.id, s.channel_id as "channelId", c.visibility, (extract(epoch from s.started_at) * 1000)::float8 as "startedAt"
    from streams s join channels c on c.id = s.channel_id where s.is_live`);
  return [...rows];
});

export interface ViewerCount {
  readonly streamId: number;
  readonly channelId: number;
  readonly viewers: number;
  /** Of the stream, 0 is the first. */
  readonly minute: number;
}

/** Writes down how many watch live streams now. A stream that has ended meanwhile leaves its channel at 0. */
export const writeViewerCounts = guarded(async (db: Database, counts: readonly ViewerCount[]): Promise<void> => {
  const given = sql`${rowsOf(counts)} as n("streamId" int, "channelId" int, viewers int, minute int)`;
  // Rows that somebody else is changing come next time; the others only when the number is another one.
  await db.execute(sql`
    update channels set viewers_count = n.viewers from (
      select c.id, n.viewers from channels c join ${given} on n."channelId" = c.id
      where c.is_live and c.viewers_count <> n.viewers order by c.id for no key update of c skip locked
    ) n where channels.id = n.id and channels.is_live`);
  await db.execute(sql`
    update streams set peak_viewers = n.viewers from (
      select s.id, n.viewers from streams s join ${given} on n."streamId" = s.id
      where s.peak_viewers < n.viewers order by s.id for no key update of s skip locked
    ) n where streams.id = n.id and streams.peak_viewers < n.viewers`);
  await db.execute(sql`
    insert into stream_minutes (stream_id, minute, viewers)
    select s.id, n.minute, n.viewers from ${given} join streams s on s.id = n."streamId" order by 1, 2
    on conflict (stream_id, minute) do update set viewers = excluded.viewers where stream_minutes.viewers < excluded.viewers`);
});

/** What decides whether a stream may be watched; null when there is none. */
export const findWatchable = guarded(async (db: Database, streamId: number) => {
  const [row] = await db.execute<{
    channelId: number;
    ownerId: number;
    visibility: "public" | "unlisted" | "private";
    hasStarted: boolean;
    isDraft: boolean;
  }>(sql`
    select c.id as "channelId", c.user_id as "ownerId", c.visibility, s.started_at is not null as "hasStarted",
      s.started_at is null and s.scheduled_for is null as "isDraft"
    from streams s join channels c on c.id = s.channel_id where s.id = ${streamId}::int`);
  return row ?? null;
});

/** Statistics are for the owner of what they are about, and for administrators. */
import { queries } from "@streamhub/db";
import type { Actor } from "../auth/guard.ts";
import { isAdmin, mayManage, requireManager } from "../auth/policy.ts";
import { AppError } from "../error.ts";
import type { Services } from "../services.ts";
import { MAX_TOP, type Totals } from "./model.ts";
import { presentQuality } from "./quality.ts";
import { daysOf, previousOf, type RangeQuery, rangeOf } from "./range.ts";

const DEFAULT_TOP = 10;

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
/** Seconds, to a tenth. */
const average = (watchTime: number, views: number): number => (views === 0 ? 0 : rounded(watchTime / views, 1));
const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const isoOrNull = (milliseconds: number | null): string | null => (milliseconds === null ? null : iso(milliseconds));

const NOTHING: queries.Totals = {
  totalViews: 0,
  uniqueViewers: 0,
  watchTime: 0,
  peakViewers: 0,
  streams: 0,
  liveTime: 0,
};

const presentTotals = (totals: queries.Totals): Totals => ({
  ...totals,
  avgWatchTime: average(totals.watchTime, totals.totalViews),
});

const presentShares = ({ devices, referrers }: Pick<queries.Summary, "devices" | "referrers">) => ({
  devices: devices.map(({ name, views }) => ({ device: name, views })),
  referrers: referrers.map(({ name, views }) => ({ referrer: name === "" ? null : name, views })),
});

export function statisticsService({ db, now = Date.now }: Pick<Services, "db" | "now">) {
  /** Throws `auth.forbidden`; for a private channel of someone else `channel.not-found`. */
  const requireChannel = async (actor: Actor, id: number) => {
    const channel = await queries.channelOwner(db, id);
    if (channel === null || (channel.visibility === "private" && !mayManage(actor, channel.userId)))
      throw new AppError("channel.not-found");
    requireManager(actor, channel.userId);
  };

  /** Throws `auth.forbidden`; where even its existence is private `stream.not-found`. */
  const requireStream = async (actor: Actor, id: number) => {
    const stream = await queries.streamOwner(db, id);
    const mine = stream !== null && mayManage(actor, stream.userId);
    if (stream === null || (!mine && (stream.visibility === "private" || stream.isDraft)))
      throw new AppError("stream.not-found");
    requireManager(actor, stream.userId);
  };

  /** An account that is not active exists for administrators only. */
  const requireAccount = async (actor: Actor, id: number) => {
    const account = await queries.getProfile(db, id);
    if (account === null || (!account.isActive && !isAdmin(actor))) throw new AppError("user.not-found");
    requireManager(actor, id);
  };

  const summaries = async (scope: Exclude<queries.ChannelScope, null>, query: RangeQuery) => {
    const at = now();
    const range = rangeOf(query, at);
    const before = previousOf(range);
    const [summary, previous] = await Promise.all([
      queries.summariseStatistics(db, scope, { ...range, now: at }),
      queries.summariseStatistics(db, scope, { ...before, now: at }),
    ]);
    const sums = {
      ...range,
      ...presentTotals(summary.total),
      previous: { ...before, ...presentTotals(previous.total) },
      ...presentShares(summary),
    };
    return { sums, channels: summary.channels };
  };

  const minutesOf = async (actor: Actor, id: number) => {
    await requireStream(actor, id);
    const minutes = await queries.streamMinutesOf(db, id, now());
    if (minutes === null) throw new AppError("stream.not-found");
    return minutes;
  };

  return {
    async channel(actor: Actor, id: number, query: RangeQuery) {
      await requireChannel(actor, id);
      return { channelId: id, ...(await summaries({ channelId: id }, query)).sums };
    },

    /** A row for each day of the range, also for those on which there was nothing. */
    async daily(actor: Actor, id: number, query: RangeQuery) {
      await requireChannel(actor, id);
      const range = rangeOf(query, now());
      const rows = await queries.dailyStatistics(db, id, { ...range, now: now() });
      const byDay = new Map(rows.map((row) => [row.date, row]));
      const items = daysOf(range).map((date) => {
        const { totalViews, uniqueViewers, watchTime, peakViewers } = byDay.get(date) ?? NOTHING;
        return {
          date,
          totalViews,
          uniqueViewers,
          watchTime,
          avgWatchTime: average(watchTime, totalViews),
          peakViewers,
        };
      });
      return { channelId: id, ...range, items };
    },

    async topStreams(
      actor: Actor,
      id: number,
      { sort = "views", limit = DEFAULT_TOP, ...query }: RangeQuery & { sort?: queries.TopSort; limit?: number },
    ) {
      await requireChannel(actor, id);
      const range = rangeOf(query, now());
      const most = Math.min(Math.max(limit, 1), MAX_TOP);
      const rows = await queries.topStreams(db, id, { ...range, now: now(), sort, limit: most });
      const items = rows.map(({ id: streamId, startedAt, ...row }) => ({
        streamId,
        ...row,
        startedAt: iso(startedAt),
        avgWatchTime: average(row.watchTime, row.views),
      }));
      return { channelId: id, ...range, items };
    },

    /** All channels of an account, together and each. */
    async overview(actor: Actor, id: number, query: RangeQuery) {
      await requireAccount(actor, id);
      const [{ sums, channels }, names] = await Promise.all([
        summaries({ ownerId: id }, query),
        queries.channelNames(db, id),
      ]);
      const each = names.map((channel) => ({
        channel,
        ...presentTotals(channels.get(channel.id) ?? NOTHING),
      }));
      return { userId: id, ...sums, channels: each };
    },

    async stream(actor: Actor, id: number) {
      await requireStream(actor, id);
      const row = await queries.streamStatistics(db, id);
      if (row === null) throw new AppError("stream.not-found");
      const { startedAt, endedAt, devices, referrers, ...sums } = row;
      return {
        streamId: id,
        ...sums,
        startedAt: isoOrNull(startedAt),
        endedAt: isoOrNull(endedAt),
        avgWatchTime: average(row.watchTime, row.totalViews),
        ...presentShares({ devices, referrers }),
      };
    },

    /** How it played for its viewers. */
    async quality(actor: Actor, id: number) {
      await requireStream(actor, id);
      return { streamId: id, ...presentQuality(await queries.qualityOf(db, id)) };
    },

    /** How many watched it live. */
    async timeline(actor: Actor, id: number) {
      const { startedAt, step, steps } = await minutesOf(actor, id);
      const items = steps.map(({ minute, viewers }) => ({
        minute,
        at: iso((startedAt ?? 0) + minute * 60_000),
        viewers,
      }));
      return { streamId: id, startedAt: isoOrNull(startedAt), step, items };
    },

    /** How many of its viewing sessions, live and later, watched each minute of it. */
    async retention(actor: Actor, id: number) {
      const { startedAt, step, steps, views } = await minutesOf(actor, id);
      const items = steps.map(({ minute, watched }) => ({
        minute,
        watched: rounded(watched, 1),
        share: views === 0 ? 0 : rounded(Math.min(1, watched / views), 4),
      }));
      return { streamId: id, startedAt: isoOrNull(startedAt), step, views, items };
    },
  };
}

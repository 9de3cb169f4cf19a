import { model } from "@streamhub/db";
import { t } from "elysia";
import { IdParam, IdSchema } from "../paging.ts";
import { DEFAULT_DAYS, MAX_DAYS } from "./range.ts";

const Day = t.String({ format: "date", examples: ["2026-11-24"] });

/** The day itself is checked by the service: a pattern can't know February. */
const rangeQuery = {
  from: t.Optional(
    t.String({
      maxLength: 30,
      description: `First day, YYYY-MM-DD in UTC; default ${DEFAULT_DAYS} days up to \`to\`, at most ${MAX_DAYS}`,
    }),
  ),
  to: t.Optional(t.String({ maxLength: 30, description: "Last day, YYYY-MM-DD in UTC; default today" })),
};

const formatQuery = {
  format: t.Optional(
    t.Union([t.Literal("json"), t.Literal("csv")], { description: "Default: what Accept asks for, else json" }),
  ),
};

export const StatisticsParams = t.Object({ id: IdParam });
export const RangeQuerySchema = t.Object(rangeQuery);
export const DailyQuery = t.Object({ ...rangeQuery, ...formatQuery });
export const FormatQuery = t.Object(formatQuery);

export const MAX_TOP = 100;
export const TopQuery = t.Object({
  ...rangeQuery,
  ...formatQuery,
  sort: t.Optional(
    t.Union([t.Literal("views"), t.Literal("watchTime"), t.Literal("peakViewers")], { description: "Default: views" }),
  ),
  limit: t.Optional(
    t.Integer({ description: `1 to ${MAX_TOP}, default 10; what is beyond is brought into that range` }),
  ),
});

const DayColumns = t.Pick(model.statisticsRow, [
  "totalViews",
  "uniqueViewers",
  "watchTime",
  "avgWatchTime",
  "peakViewers",
]);

const sums = DayColumns.properties;

const TotalsSchema = t.Object({
  ...sums,
  streams: t.Integer({ description: "Broadcasts that began within the range" }),
  liveTime: t.Integer({ description: "Seconds of the range that were live" }),
});

export type Totals = typeof TotalsSchema.static;

const sharesSchema = {
  devices: t.Array(t.Object({ device: t.String(), views: t.Integer() })),
  referrers: t.Array(
    t.Object({ referrer: t.Nullable(t.String({ description: "A host; null: none is known" })), views: t.Integer() }),
  ),
};

const range = { from: Day, to: Day };

export const ChannelStatisticsSchema = t.Object({
  channelId: IdSchema,
  ...range,
  ...TotalsSchema.properties,
  previous: t.Object({ ...range, ...TotalsSchema.properties }, { description: "As many days, right before" }),
  ...sharesSchema,
});

export const DailyStatisticsSchema = t.Object({
  channelId: IdSchema,
  ...range,
  items: t.Array(t.Object({ date: Day, ...sums })),
});

const StreamColumns = t.Pick(model.streamRow, ["title", "duration"]);
const Time = t.String({ format: "date-time" });

export const TopStreamsSchema = t.Object({
  channelId: IdSchema,
  ...range,
  items: t.Array(
    t.Object({
      streamId: IdSchema,
      ...StreamColumns.properties,
      startedAt: Time,
      views: t.Integer(),
      watchTime: t.Integer(),
      avgWatchTime: t.Number(),
      peakViewers: t.Integer(),
    }),
  ),
});

export const OverviewSchema = t.Object({
  userId: IdSchema,
  ...range,
  ...TotalsSchema.properties,
  previous: t.Object({ ...range, ...TotalsSchema.properties }),
  ...sharesSchema,
  channels: t.Array(
    t.Object({
      channel: t.Object({ id: IdSchema, ...t.Pick(model.channelRow, ["slug", "title"]).properties }),
      ...TotalsSchema.properties,
    }),
  ),
});

export const StreamStatisticsSchema = t.Object({
  streamId: IdSchema,
  channelId: IdSchema,
  title: StreamColumns.properties.title,
  startedAt: t.Nullable(Time),
  endedAt: t.Nullable(Time),
  ...sums,
  ...sharesSchema,
});

const Player = t.Pick(model.playbackQualityRow, ["player", "reports", "stalls", "switches", "errors"]).properties;
const Spread = (of: string) =>
  t.Object(
    { p50: t.Nullable(t.Number()), p95: t.Nullable(t.Number()) },
    { description: `Seconds, within the steps of a histogram: half, and 95 in 100, ${of}` },
  );
const qualityOf = {
  reports: Player.reports,
  joins: t.Integer({ description: "First pictures" }),
  joinTime: Spread("of the first pictures were there as soon"),
  latency: Spread("of the reports of players at the live edge had no more"),
  stallRatio: t.Nullable(t.Number({ description: "Of the time that should have played, 0 to 1" })),
  stalls: Player.stalls,
  switches: Player.switches,
  errors: Player.errors,
  droppedRatio: t.Nullable(t.Number({ description: "Of the pictures, 0 to 1" })),
};

export const QualitySchema = t.Object({
  streamId: IdSchema,
  ...qualityOf,
  players: t.Array(t.Object({ player: Player.player, ...qualityOf })),
});

const steps = {
  streamId: IdSchema,
  startedAt: t.Nullable(Time),
  step: t.Integer({ description: "Minutes from one item to the next; more than 1 for long streams" }),
};

export const TimelineSchema = t.Object({
  ...steps,
  items: t.Array(t.Object({ minute: t.Integer(), at: Time, viewers: t.Integer() })),
});

export const RetentionSchema = t.Object({
  ...steps,
  views: t.Integer(),
  items: t.Array(
    t.Object({
      minute: t.Integer(),
      watched: t.Number({ description: "Viewing sessions that watched this minute of the stream" }),
      share: t.Number({ description: "Of all its viewing sessions, 0 to 1" }),
    }),
  ),
});

import { Elysia, type Static } from "elysia";
import { signedIn } from "../auth/guard.ts";
import { AppError, ProblemSchema } from "../error.ts";
import type { Services } from "../services.ts";
import { csvResponse, type Table, wantsCsv } from "./csv.ts";
import {
  ChannelStatisticsSchema,
  DailyQuery,
  DailyStatisticsSchema,
  FormatQuery,
  OverviewSchema,
  QualitySchema,
  RangeQuerySchema,
  RetentionSchema,
  StatisticsParams,
  StreamStatisticsSchema,
  TimelineSchema,
  TopQuery,
  TopStreamsSchema,
} from "./model.ts";
import { statisticsService } from "./service.ts";
import { dailyTable, retentionTable, timelineTable, topTable } from "./tables.ts";

const problems = {
  401: ProblemSchema,
  403: ProblemSchema,
  404: ProblemSchema,
  422: ProblemSchema,
  429: ProblemSchema,
};

/** Of one account. A page of statistics asks some ten times; counting a large day takes the database as long as hundreds of other reads. */
const RATE = { limit: 300, window: 60_000 };

interface Answer {
  readonly responseValue: unknown;
  readonly query: unknown;
  readonly request: Request;
  readonly set: { readonly headers: Record<string, string | number> };
}

/** A hook of a route whose answer is also there as a CSV file. The schemas of the route see to it that the answer is a `T`. */
const orCsv =
  <T>(tableOf: (answer: T) => Table) =>
  ({ responseValue, query, request, set }: Answer): Response | undefined => {
    if (responseValue instanceof Response) return undefined;
    set.headers.vary = "Accept";
    if (!wantsCsv((query as Static<typeof FormatQuery>).format, request.headers.get("accept"))) return undefined;
    const headers = Object.entries(set.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return csvResponse(tableOf(responseValue as T), headers);
  };

export function statisticsRoutes(services: Services) {
  const statistics = statisticsService(services);
  return new Elysia({ name: "statistics", prefix: "/api/statistics", tags: ["Statistics"] })
    .use(signedIn(services))
    .onBeforeHandle(async ({ actor }) => {
      const { allowed, retryAfter } = await services.bus.limits.hit(`statistics:${actor.userId}`, RATE);
      if (!allowed) throw new AppError("limit.exceeded", undefined, undefined, retryAfter / 1_000);
    })
    .get("/channel/:id", ({ actor, params, query }) => statistics.channel(actor, params.id, query), {
      params: StatisticsParams,
      query: RangeQuerySchema,
      response: { 200: ChannelStatisticsSchema, ...problems },
      detail: { summary: "Sums of a channel over a range of days, and before", operationId: "getChannelStatistics" },
    })
    .get("/channel/:id/daily", ({ actor, params, query }) => statistics.daily(actor, params.id, query), {
      mapResponse: orCsv(dailyTable),
      params: StatisticsParams,
      query: DailyQuery,
      response: { 200: DailyStatisticsSchema, ...problems },
      detail: { summary: "A row for each day of a range, as JSON or CSV", operationId: "getDailyStatistics" },
    })
    .get("/channel/:id/top-streams", ({ actor, params, query }) => statistics.topStreams(actor, params.id, query), {
      mapResponse: orCsv(topTable),
      params: StatisticsParams,
      query: TopQuery,
      response: { 200: TopStreamsSchema, ...problems },
      detail: { summary: "The streams of a channel that were watched most", operationId: "getTopStreams" },
    })
    .get("/user/:id/overview", ({ actor, params, query }) => statistics.overview(actor, params.id, query), {
      params: StatisticsParams,
      query: RangeQuerySchema,
      response: { 200: OverviewSchema, ...problems },
      detail: { summary: "All channels of an account, together and each", operationId: "getUserOverview" },
    })
    .get("/stream/:id", ({ actor, params }) => statistics.stream(actor, params.id), {
      params: StatisticsParams,
      response: { 200: StreamStatisticsSchema, ...problems },
      detail: { summary: "Sums of one stream", operationId: "getStreamStatistics" },
    })
    .get("/stream/:id/quality", ({ actor, params }) => statistics.quality(actor, params.id), {
      params: StatisticsParams,
      response: { 200: QualitySchema, ...problems },
      detail: { summary: "How one stream played for its viewers", operationId: "getStreamQuality" },
    })
    .get("/stream/:id/timeline", ({ actor, params }) => statistics.timeline(actor, params.id), {
      mapResponse: orCsv(timelineTable),
      params: StatisticsParams,
      query: FormatQuery,
      response: { 200: TimelineSchema, ...problems },
      detail: {
        summary: "Viewers of the live broadcast by minute, as JSON or CSV",
        operationId: "getStreamTimeline",
      },
    })
    .get("/stream/:id/retention", ({ actor, params }) => statistics.retention(actor, params.id), {
      mapResponse: orCsv(retentionTable),
      params: StatisticsParams,
      query: FormatQuery,
      response: { 200: RetentionSchema, ...problems },
      detail: {
        summary: "The share of viewing sessions that watched each minute, as JSON or CSV",
        operationId: "getStreamRetention",
      },
    });
}

/** What a statistic is called and how it lies in a CSV file; columns have the names of the JSON. */
import type { Cell, Table } from "./csv.ts";
import type { DailyStatisticsSchema, RetentionSchema, TimelineSchema, TopStreamsSchema } from "./model.ts";

function tableOf<T extends Readonly<Record<string, Cell>>>(
  name: string,
  header: readonly (keyof T & string)[],
  items: readonly T[],
): Table {
  return { name, header, rows: items.map((item) => header.map((column) => item[column] ?? null)) };
}

const SUMS = ["totalViews", "uniqueViewers", "watchTime", "avgWatchTime", "peakViewers"] as const;

export const dailyTable = ({ channelId, from, to, items }: typeof DailyStatisticsSchema.static): Table =>
  tableOf(`channel-${channelId}-daily-${from}-${to}`, ["date", ...SUMS], items);

export const topTable = ({ channelId, from, to, items }: typeof TopStreamsSchema.static): Table =>
  tableOf(
    `channel-${channelId}-top-streams-${from}-${to}`,
    ["streamId", "title", "startedAt", "duration", "views", "watchTime", "avgWatchTime", "peakViewers"],
    items,
  );

export const timelineTable = ({ streamId, items }: typeof TimelineSchema.static): Table =>
  tableOf(`stream-${streamId}-timeline`, ["minute", "at", "viewers"], items);

export const retentionTable = ({ streamId, items }: typeof RetentionSchema.static): Table =>
  tableOf(`stream-${streamId}-retention`, ["minute", "watched", "share"], items);

/** Numbers of a channel and of one broadcast, as pages show them. */
import { type Accessor, onCleanup } from "solid-js";
import { client } from "../live/client.ts";
import { createAnswer } from "../live/create-answer.ts";
import { outcomeOf } from "../session/problem.ts";
import { sessionFetch } from "../session/session-fetch.ts";
import type { Range } from "./days.ts";

export const TOP_SORTS = ["views", "watchTime", "peakViewers"] as const;
export type TopSort = (typeof TOP_SORTS)[number];

export function createChannelStatistics(key: Accessor<{ id: number; range: Range }>, sort: Accessor<TopSort>) {
  const of = (id: number) => client.api.statistics.channel({ id });
  const keep = { keep: true };
  return {
    sums: createAnswer(key, ({ id, range }) => outcomeOf(of(id).get({ query: range })), keep),
    // The same address gives CSV, too, so Eden does not know which it is.
    daily: createAnswer(key, ({ id, range }) => outcomeOf(of(id).daily.get({ query: range })), keep),
    top: createAnswer(
      () => ({ ...key(), sort: sort() }),
      ({ id, range, sort: by }) => outcomeOf(of(id)["top-streams"].get({ query: { ...range, sort: by, limit: 10 } })),
      keep,
    ),
  };
}

export function createStreamStatistics(id: Accessor<number | null>) {
  const of = (stream: number) => client.api.statistics.stream({ id: stream });
  return {
    sums: createAnswer(id, (stream) => outcomeOf(of(stream).get())),
    quality: createAnswer(id, (stream) => outcomeOf(of(stream).quality.get())),
    timeline: createAnswer(id, (stream) => outcomeOf(of(stream).timeline.get({ query: {} }))),
    retention: createAnswer(id, (stream) => outcomeOf(of(stream).retention.get({ query: {} }))),
  };
}

/** Asked again each half minute, as viewers tell it each minute. */
export function createLiveQuality(id: Accessor<number>) {
  const answer = createAnswer(id, (stream) => outcomeOf(client.api.statistics.stream({ id: stream }).quality.get()), {
    keep: true,
  });
  const timer = setInterval(() => {
    if (!document.hidden) void answer.reload();
  }, 30_000);
  onCleanup(() => clearInterval(timer));
  return answer;
}

/** Through the page's own fetch, because access may have to be renewed first. False: it did not come. */
export async function downloadCsv(path: string, query: Record<string, string>): Promise<boolean> {
  try {
    const response = await sessionFetch(`${path}?${new URLSearchParams({ ...query, format: "csv" })}`);
    if (!response.ok) return false;
    const url = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = url;
    link.download =
      /filename="?([^";]+)/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "statistics.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    return true;
  } catch {
    return false;
  }
}

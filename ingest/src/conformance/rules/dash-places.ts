/** Where things are in a manifest, and what was listed there before. */
import type { AdaptationSet, Mpd, Period, Representation, Template, TimelineSegment } from "../mpd.ts";
import { type MpdHistory, prune } from "../presentation.ts";

export interface Place {
  readonly period: Period;
  readonly set: AdaptationSet;
  readonly representation: Representation;
  readonly name: string;
}

export function placesOf(mpd: Mpd): Place[] {
  return mpd.periods.flatMap((period, at) =>
    period.sets.flatMap((set) =>
      set.representations.map((representation) => {
        return { period, set, representation, name: placeName(period.id ?? String(at), representation.id) };
      }),
    ),
  );
}

export const placeName = (period: string, representation: string | null): string => `${period}/${representation ?? ""}`;

/** The segments that are listed with their final duration: not one that grows while it is offered. */
export function wholeSegments(mpd: Mpd, template: Template | null): readonly TimelineSegment[] {
  const segments = template?.segments ?? [];
  return mpd.isDynamic && template?.isCompleteWhenAvailable === false ? segments.slice(0, -1) : segments;
}

/** What was listed, by place and segment number. */
export function timelineOf(mpd: Mpd): Map<string, { readonly time: number; readonly duration: number }> {
  return new Map(
    placesOf(mpd).flatMap(({ name, representation }) =>
      wholeSegments(mpd, representation.template).map(
        ({ number, time, duration }) => [`${name}/${number}`, { time, duration }] as const,
      ),
    ),
  );
}

/** Seconds after availabilityStartTime, for a segment that ends at `end` ticks. */
export function availableAt({ start }: Period, template: Template, end: number): number {
  const { presentationTimeOffset, timescale, availabilityTimeOffset } = template;
  return (start ?? 0) + (end - presentationTimeOffset) / timescale - availabilityTimeOffset;
}

/** `memory`: segments that are remembered beyond those that are listed. */
export function rememberMpd(
  uri: string,
  mpd: Mpd,
  text: string,
  before: MpdHistory | null,
  memory: number,
): MpdHistory {
  const history = before ?? { uri, first: mpd, latest: mpd, latestText: text, segments: new Map(), periods: new Map() };
  history.latest = mpd;
  history.latestText = text;
  const listed = timelineOf(mpd);
  for (const [key, value] of listed) if (!history.segments.has(key)) history.segments.set(key, value);
  prune(history.segments, listed.size + memory);
  for (const { id, start } of mpd.periods) if (id !== null && !history.periods.has(id)) history.periods.set(id, start);
  return history;
}

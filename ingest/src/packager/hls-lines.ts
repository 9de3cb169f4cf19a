/** What a media playlist says of one segment. It never changes, whichever playlist says it, so that it can be kept. */
import type { Milliseconds } from "../bytes/units.ts";
import type { EpochInfo, Segment } from "./segment.ts";

export const initName = (epoch: number): string => `init-${epoch}.mp4`;
export const segmentName = (number: number): string => `${number}.m4s`;

export const mapLine = (epoch: number): string => `#EXT-X-MAP:URI="${initName(epoch)}"`;

export function isDiscontinuity({ number, epoch }: { readonly number: number; readonly epoch: EpochInfo }): boolean {
  return number === epoch.firstNumber && !epoch.isFirst;
}

/**
 * One clock for all renditions: the broadcast's start plus the segment's place on the timeline (§4.4.4.6). Rounded down: hls.js lays sound beside
 * the picture by it, and looks in vain for the part after one that it believes to end later than what is in its buffer.
 */
export function dateTime(
  startedAt: Milliseconds,
  { time, timescale }: { readonly time: number; readonly timescale: number },
): string {
  return new Date(Math.floor(startedAt + (time * 1000) / timescale + EXACT)).toISOString();
}

/** What floating point may lack of a whole number. */
const EXACT = 1e-4;

/** Seconds of EXTINF and EXT-X-PART. Rounded down, for the same reason: sums must not run ahead of the media. */
export function shownSeconds(ticks: number, timescale: number): string {
  return (Math.floor((ticks * 1e5) / timescale + EXACT) / 1e5).toFixed(5);
}

export type SaidSegment = Pick<Segment, "kind" | "number" | "epoch" | "timescale" | "time" | "duration">;

/** `mapped`: the epoch of the EXT-X-MAP before, null where there is none. `parts`: lines between the date and the segment. */
export function segmentLines(
  startedAt: Milliseconds,
  segment: SaidSegment,
  mapped: number | null,
  parts: readonly string[] = [],
): string[] {
  const { kind, number, epoch, duration, timescale } = segment;
  const lines: string[] = [];
  if (isDiscontinuity(segment)) lines.push("#EXT-X-DISCONTINUITY");
  if (kind === "media" && mapped !== epoch.number) lines.push(mapLine(epoch.number));
  lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(startedAt, segment)}`, ...parts);
  if (kind === "gap") lines.push("#EXT-X-GAP");
  lines.push(`#EXTINF:${shownSeconds(duration, timescale)},`, segmentName(number));
  return lines;
}

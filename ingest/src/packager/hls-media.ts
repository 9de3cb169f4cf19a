/** HLS media playlists, draft-pantos-hls-rfc8216bis §4.4.3, §4.4.4, §4.4.5. */
import type { EpochInfo, Part, Segment } from "./segment.ts";
import type { BroadcastView, LowLatency, RenditionView } from "./view.ts";

/** 8: EXT-X-GAP; 9: EXT-X-SKIP (§7). One version for all playlists of a broadcast. */
export const HLS_VERSION = 9;

/** §4.4.3.8: at least three target durations. */
const HOLD_BACK = 3;
/** Three part targets: the draft demands two, Apple's authoring specification three. */
const PART_HOLD_BACK = 3;
/** Target durations; at least six. */
const CAN_SKIP_UNTIL = 6;
/** §4.4.4.9: parts nearer to the end than this stay listed, in target durations. */
const PARTS_LISTED = 3;

export const initName = (epoch: number): string => `init-${epoch}.mp4`;
export const segmentName = (number: number): string => `${number}.m4s`;
export const partName = ({ prefix }: LowLatency, index: number): string => `p${prefix}-${index}.m4s`;

export interface MediaPlaylistOptions {
  /** `_HLS_skip`: leave out what a client has from the playlist before (§6.2.5.1). */
  readonly skip?: boolean;
}

export function renderMediaPlaylist(
  view: BroadcastView,
  rendition: RenditionView,
  { skip = false }: MediaPlaylistOptions = {},
): string {
  const { segments } = rendition;
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${view.targetDuration}`];
  if (view.isIndependent) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  const lowLatency = view.hasEnded ? null : view.lowLatency;
  lines.push(...controls(view));
  const first = segments[0];
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first?.number ?? 0}`);
  if (first !== undefined) {
    // §4.4.3.3: the number of the first segment's discontinuity, less its own tag while that is still listed.
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${first.epoch.number - (isDiscontinuity(first) ? 1 : 0)}`);
  }
  const length = total(segments) + (lowLatency === null ? 0 : growingSeconds(rendition));
  const skipped = skip ? skippable(segments, length - CAN_SKIP_UNTIL * view.targetDuration) : 0;
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  // A client applies the MAP of the last segment that was skipped, which it has.
  let mapped = skipped > 0 ? lastMapped(segments, skipped) : null;
  const map = ({ number }: EpochInfo): void => {
    if (mapped === number) return;
    mapped = number;
    lines.push(`#EXT-X-MAP:URI="${initName(number)}"`);
  };
  /** Seconds from the end of what is listed. */
  let rest = length;
  for (const [index, segment] of segments.entries()) {
    const seconds = segment.duration / segment.timescale;
    rest -= seconds;
    if (index < skipped) continue;
    if (isDiscontinuity(segment)) lines.push("#EXT-X-DISCONTINUITY");
    if (segment.kind === "media") map(segment.epoch);
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(view, segment)}`);
    if (lowLatency !== null && segment.kind === "media" && rest < PARTS_LISTED * view.targetDuration) {
      for (const part of segment.parts) lines.push(partLine(lowLatency, part, segment.timescale));
    }
    if (segment.kind === "gap") lines.push("#EXT-X-GAP");
    lines.push(`#EXTINF:${seconds.toFixed(5)},`, segmentName(segment.number));
  }
  if (lowLatency !== null) {
    const { growing } = rendition;
    if (growing !== null) {
      if (isDiscontinuity(growing)) lines.push("#EXT-X-DISCONTINUITY");
      map(growing.epoch);
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(view, { ...growing, time: growing.parts[0]!.time })}`);
      for (const part of growing.parts) lines.push(partLine(lowLatency, part, growing.timescale));
    }
    // §4.4.5.3: parts are numbered on, so that the next one has this name whether or not it begins a segment.
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${partName(lowLatency, rendition.nextPart)}"`);
    for (const other of view.renditions) if (other.name !== rendition.name) lines.push(report(other));
  }
  if (view.hasEnded) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

/** §4.4.3.7, §4.4.3.8. Constant for the broadcast, its end excepted: what has ended is not reloaded. */
function controls({ lowLatency, targetDuration, hasEnded }: BroadcastView): string[] {
  if (hasEnded) return [];
  const holdBack = `HOLD-BACK=${decimal(HOLD_BACK * targetDuration)}`;
  const skip = `CAN-SKIP-UNTIL=${decimal(CAN_SKIP_UNTIL * targetDuration)}`;
  if (lowLatency === null) return [`#EXT-X-SERVER-CONTROL:${holdBack},${skip}`];
  const partHoldBack = `PART-HOLD-BACK=${decimal(PART_HOLD_BACK * lowLatency.partTarget)}`;
  return [
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,${partHoldBack},${holdBack},${skip}`,
    `#EXT-X-PART-INF:PART-TARGET=${decimal(lowLatency.partTarget)}`,
  ];
}

function partLine(lowLatency: LowLatency, part: Part, timescale: number): string {
  const seconds = (part.duration / timescale).toFixed(5);
  const independent = part.isIndependent ? ",INDEPENDENT=YES" : "";
  return `#EXT-X-PART:DURATION=${seconds},URI="${partName(lowLatency, part.index)}"${independent}`;
}

/** §4.4.5.4: where another rendition stands, so that a player can switch to it without asking twice. */
function report({ name, segments, growing }: RenditionView): string {
  const last = segments.at(-1);
  const uri = `URI="../${name}/index.m3u8"`;
  if (growing !== null) {
    return `#EXT-X-RENDITION-REPORT:${uri},LAST-MSN=${growing.number},LAST-PART=${growing.parts.length - 1}`;
  }
  const part = last?.kind === "media" ? `,LAST-PART=${last.parts.length - 1}` : "";
  return `#EXT-X-RENDITION-REPORT:${uri},LAST-MSN=${last?.number ?? 0}${part}`;
}

/** How many segments lie wholly before the skip boundary (§4.4.5.2). Not worth a tag for less than one. */
function skippable(segments: readonly Segment[], boundary: number): number {
  let end = 0;
  let count = 0;
  for (const segment of segments) {
    end += segment.duration / segment.timescale;
    if (end > boundary) break;
    count++;
  }
  return count;
}

function lastMapped(segments: readonly Segment[], before: number): number | null {
  for (let index = before - 1; index >= 0; index--) {
    const segment = segments[index]!;
    if (segment.kind === "media") return segment.epoch.number;
  }
  return null;
}

const total = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { duration, timescale }) => sum + duration / timescale, 0);

const growingSeconds = ({ growing }: RenditionView): number =>
  growing === null ? 0 : growing.parts.reduce((sum, { duration }) => sum + duration / growing.timescale, 0);

const decimal = (value: number): string => String(Number(value.toFixed(3)));

function isDiscontinuity({ number, epoch }: { readonly number: number; readonly epoch: EpochInfo }): boolean {
  return number === epoch.firstNumber && !epoch.isFirst;
}

/** One clock for all renditions: the broadcast's start plus the segment's place on the timeline (§4.4.4.6). */
function dateTime(
  { startedAt }: BroadcastView,
  { time, timescale }: { readonly time: number; readonly timescale: number },
): string {
  return new Date(Math.round(startedAt + (time * 1000) / timescale)).toISOString();
}

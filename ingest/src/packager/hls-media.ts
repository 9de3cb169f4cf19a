/** HLS media playlists, draft-pantos-hls-rfc8216bis §4.4.3, §4.4.4, §4.4.5. */
import { dateTime, isDiscontinuity, mapLine, segmentLines, shownSeconds } from "./hls-lines.ts";
import type { Part, Segment } from "./segment.ts";
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
/** Of sums of seconds. */
const ROUNDING = 1e-6;

export const partName = ({ prefix }: LowLatency, index: number): string => `p${prefix}-${index}.m4s`;

export interface MediaPlaylistOptions {
  /** `_HLS_skip`: leave out what a client has from the playlist before (§6.2.5.1). */
  readonly skip?: boolean;
  /** EXT-X-PLAYLIST-TYPE:VOD (§4.4.3.5): of a recording. */
  readonly isRecording?: boolean;
}

/** A playlist as its text in three pieces: the one in the middle may be long, and is kept ready. */
export interface MediaPlaylistPieces {
  readonly head: string;
  readonly past: Uint8Array | null;
  readonly tail: string;
}

const utf8 = new TextDecoder();

export function renderMediaPlaylist(
  view: BroadcastView,
  rendition: RenditionView,
  options: MediaPlaylistOptions = {},
): string {
  const { head, past, tail } = mediaPlaylistPieces(view, rendition, options);
  return `${head}${past === null ? "" : utf8.decode(past)}${tail}`;
}

export function mediaPlaylistPieces(
  view: BroadcastView,
  rendition: RenditionView,
  { skip = false, isRecording = false }: MediaPlaylistOptions = {},
): MediaPlaylistPieces {
  const { segments, past = null } = rendition;
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${view.targetDuration}`];
  if (isRecording) lines.push("#EXT-X-PLAYLIST-TYPE:VOD");
  if (view.isIndependent) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  const lowLatency = view.hasEnded ? null : view.lowLatency;
  lines.push(...controls(view));
  const first = past?.log.at(past.from) ?? segments[0];
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first?.number ?? 0}`);
  if (first !== undefined) {
    // §4.4.3.3: the number of the first segment's discontinuity, less its own tag while that is still listed.
    lines.push(
      `#EXT-X-DISCONTINUITY-SEQUENCE:${first.epoch.number - view.epochZero - (isDiscontinuity(first) ? 1 : 0)}`,
    );
  }
  const length = total(segments) + (lowLatency === null ? 0 : growingSeconds(rendition));
  const boundary = length - CAN_SKIP_UNTIL * view.targetDuration;
  const skippedPast = skip ? skippablePast(rendition, boundary) : 0;
  const pastCount = past === null ? 0 : past.to - past.from;
  const skipped = skip && skippedPast === pastCount ? skippable(segments, boundary) : 0;
  if (skippedPast + skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skippedPast + skipped}`);
  const head = `${lines.join("\n")}\n`;

  lines.length = 0;
  // A client applies the MAP of the last segment that was skipped, which it has.
  const before = past?.log.mappedBefore(past.to) ?? null;
  let mapped = skipped > 0 ? (lastMapped(segments, skipped) ?? before) : before;
  /** Seconds from the end of what is listed. */
  let rest = length;
  for (const [index, segment] of segments.entries()) {
    rest -= segment.duration / segment.timescale;
    if (index < skipped) continue;
    const hasParts = lowLatency !== null && segment.kind === "media" && rest < PARTS_LISTED * view.targetDuration;
    const parts = hasParts ? segment.parts.map((part) => partLine(lowLatency, part, segment.timescale)) : [];
    lines.push(...segmentLines(view.startedAt, segment, mapped, parts));
    if (segment.kind === "media") mapped = segment.epoch.number;
  }
  if (lowLatency !== null) {
    const { growing } = rendition;
    if (growing !== null) {
      const { epoch, parts, timescale } = growing;
      if (isDiscontinuity(growing)) lines.push("#EXT-X-DISCONTINUITY");
      if (mapped !== epoch.number) lines.push(mapLine(epoch.number));
      const time = parts[0]!.time;
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(view.startedAt, { time, timescale })}`);
      for (const part of parts) lines.push(partLine(lowLatency, part, timescale));
    }
    // §4.4.5.3: parts are numbered on, so that the next one has this name whether or not it begins a segment.
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${partName(lowLatency, rendition.nextPart)}"`);
    for (const other of view.renditions) if (other.name !== rendition.name) lines.push(report(other));
  }
  if (view.hasEnded) lines.push("#EXT-X-ENDLIST");
  const tail = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  const kept = past === null ? null : past.log.lines(past.from + skippedPast, past.to, skippedPast === 0);
  return { head, past: kept, tail };
}

/** How many segments of the past lie wholly before the skip boundary, which counts from the past's end. */
function skippablePast({ past = null }: RenditionView, boundary: number): number {
  if (past === null) return 0;
  let { to } = past;
  while (to > past.from && -past.log.seconds(to, past.to) > boundary + ROUNDING) to--;
  return to - past.from;
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
  const seconds = shownSeconds(part.duration, timescale);
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

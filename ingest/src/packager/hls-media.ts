/** HLS media playlists, draft-pantos-hls-rfc8216bis §4.4.3, §4.4.4. */
import type { Segment } from "./segment.ts";
import type { BroadcastView, RenditionView } from "./view.ts";

/** 8: EXT-X-GAP (§7). One version for all playlists of a broadcast. */
export const HLS_VERSION = 8;

export const initName = (epoch: number): string => `init-${epoch}.mp4`;
export const segmentName = (number: number): string => `${number}.m4s`;

export function renderMediaPlaylist(view: BroadcastView, { segments }: RenditionView): string {
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${HLS_VERSION}`, `#EXT-X-TARGETDURATION:${view.targetDuration}`];
  if (view.isIndependent) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  const first = segments[0];
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first?.number ?? 0}`);
  if (first !== undefined) {
    // §4.4.3.3: the number of the first segment's discontinuity, less its own tag while that is still listed.
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${first.epoch.number - (isDiscontinuity(first) ? 1 : 0)}`);
  }
  let mapped: number | null = null;
  for (const segment of segments) {
    if (isDiscontinuity(segment)) lines.push("#EXT-X-DISCONTINUITY");
    if (segment.kind === "media" && mapped !== segment.epoch.number) {
      mapped = segment.epoch.number;
      lines.push(`#EXT-X-MAP:URI="${initName(mapped)}"`);
    }
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateTime(view, segment)}`);
    if (segment.kind === "gap") lines.push("#EXT-X-GAP");
    lines.push(`#EXTINF:${(segment.duration / segment.timescale).toFixed(5)},`, segmentName(segment.number));
  }
  if (view.hasEnded) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

function isDiscontinuity({ number, epoch }: Segment): boolean {
  return number === epoch.firstNumber && !epoch.isFirst;
}

/** One clock for all renditions: the broadcast's start plus the segment's place on the timeline (§4.4.4.6). */
function dateTime({ startedAt }: BroadcastView, { time, timescale }: Segment): string {
  return new Date(Math.round(startedAt + (time * 1000) / timescale)).toISOString();
}

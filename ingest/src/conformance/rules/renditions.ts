/** Rules about what the renditions of one presentation have to do with each other. */
import type { ListedSegment, MediaPlaylist } from "../hls-playlist.ts";
import { resolve } from "../mpd.ts";
import { type PlaylistHistory, type Presentation, positionOf } from "../presentation.ts";
import { type Rule, rule } from "../rule.ts";

/** What segment boundaries of sound and picture, and the rounding of dates, may differ by, in milliseconds. */
const DATE_SLACK = 100;

function others(all: Presentation, uri: string): { readonly uri: string; readonly playlist: MediaPlaylist }[] {
  const found: { uri: string; playlist: MediaPlaylist }[] = [];
  for (const history of all.playlists.values()) {
    if (history.uri !== uri && history.latest !== null)
      found.push({ uri: history.uri, playlist: history.latest.playlist });
  }
  return found;
}

const isDated = ({ segments }: MediaPlaylist): boolean => segments.some(({ dateTime }) => dateTime !== null);

function coveringAt(segments: readonly ListedSegment[], time: number): ListedSegment | undefined {
  return segments.find(
    ({ dateTime, seconds }) => dateTime !== null && dateTime <= time && time < dateTime + seconds * 1000,
  );
}

export const RENDITION_RULES: readonly Rule[] = [
  rule({
    name: "hls.same-target-duration",
    section: "HLS §6.2.4",
    severity: "must",
    demands: "All renditions have the same target duration.",
    on: "reload",
    check: ({ where, reload: { playlist } }, all) =>
      others(all, where)
        .filter((other) => other.playlist.targetDuration !== playlist.targetDuration)
        .map((other) => `It is ${playlist.targetDuration} here and ${other.playlist.targetDuration} in ${other.uri}`),
  }),
  rule({
    name: "hls.date-time-everywhere",
    section: "HLS §6.2.1, §6.2.4",
    severity: "must",
    demands: "EXT-X-PROGRAM-DATE-TIME is in all renditions or in none.",
    on: "reload",
    check: ({ where, reload: { playlist } }, all) =>
      playlist.segments.length === 0
        ? []
        : others(all, where)
            .filter((other) => other.playlist.segments.length > 0 && isDated(other.playlist) !== isDated(playlist))
            .map((other) => `${isDated(playlist) ? "It is dated" : "It is not dated"}, ${other.uri} is the other way`),
  }),
  rule({
    name: "hls.discontinuities-aligned",
    section: "HLS §6.2.4",
    severity: "must",
    demands: "The same moment has the same discontinuity sequence number in all renditions.",
    on: "reload",
    check: ({ where, reload: { fresh } }, all) =>
      fresh.flatMap((segment) => {
        if (segment.dateTime === null) return [];
        const middle = segment.dateTime + segment.seconds * 500;
        return others(all, where).flatMap(({ uri, playlist }) => {
          const other = coveringAt(playlist.segments, middle);
          if (other === undefined || other.discontinuity === segment.discontinuity) return [];
          return [
            `Segment ${segment.number} has discontinuity sequence ${segment.discontinuity}, ${uri} has ${other.discontinuity} at that time`,
          ];
        });
      }),
  }),
  rule({
    name: "hls.date-time-timeline",
    section: "HLS §6.2.4",
    severity: "must",
    demands: "Dates and timestamps of all renditions say the same: one timeline.",
    on: "segment",
    check({ where, segment, file, history }, all) {
      const own = zeroOf(history, segment, file.spans[0]);
      if (own === null) return [];
      const found: string[] = [];
      for (const other of all.playlists.values()) {
        if (other === history) continue;
        // One is enough: within a rendition, dates and timestamps have rules of their own.
        for (const number of [segment.number, segment.number - 1, ...other.media.keys()]) {
          const media = other.media.get(number);
          const listed = other.segments.get(number);
          if (media === undefined) continue;
          if (listed === undefined || listed.discontinuity !== segment.discontinuity) continue;
          const zero = zeroOf(other, listed, media.spans[0]);
          if (zero === null) continue;
          if (Math.abs(zero - own) <= DATE_SLACK) break;
          const off = Math.abs(zero - own).toFixed(0);
          found.push(
            `${where}: dates and timestamps are ${off} ms apart from those of segment ${number} of ${other.uri}`,
          );
          break;
        }
      }
      return found;
    },
  }),
  rule({
    name: "hls.rendition-report",
    section: "HLS §4.4.5.4",
    severity: "must",
    demands: "A playlist of parts says where every other rendition stands.",
    on: "reload",
    check({ where, reload: { playlist, answer }, history }, all) {
      const found: string[] = [];
      if (playlist.control?.canBlockReload === true && playlist.partTarget !== null && !playlist.hasEnded) {
        const told = new Map(playlist.reports.map((report) => [resolve(report.uri, where), report]));
        for (const [uri, other] of all.playlists) {
          if (uri === where || other.latest === null || other.latest.playlist.hasEnded) continue;
          const report = told.get(uri);
          if (report === undefined) {
            found.push(`There is no EXT-X-RENDITION-REPORT for ${uri}`);
            continue;
          }
          if (report.msn === null) {
            found.push(`The report for ${uri} has no LAST-MSN`);
            continue;
          }
          // What had been answered before this was asked for is known to whoever tells it.
          const { playlist: known, answer: before } = other.latest;
          if (before.receivedAt > answer.sentAt) continue;
          const at = positionOf(known);
          const claimed = report.part === null ? report.msn + 1 : report.msn + (report.part + 1) / 1e6;
          if (claimed < reached(at) - 1e-9 && !isEndOf(known, report.msn, report.part)) {
            found.push(
              `${uri} is said to be at ${report.msn}.${report.part ?? ""}, it was at ${at.msn}.${at.part < 0 ? "" : at.part}`,
            );
          }
        }
      }
      // And what others had told of this one before it was asked for must be true by now.
      const { reported } = history;
      if (
        reported !== null &&
        reported.at <= answer.sentAt &&
        reached(positionOf(playlist)) < reached(reported) - 1e-9
      ) {
        const at = positionOf(playlist);
        if (!isEndOf(playlist, reported.msn, reported.part) && !playlist.hasEnded) {
          found.push(
            `${reported.by} said that it is at ${reported.msn}.${reported.part}, it is at ${at.msn}.${at.part}`,
          );
        }
      }
      return found;
    },
  }),
];

/** As a number that grows: `part` -1 is a whole segment. */
const reached = ({ msn, part }: { readonly msn: number; readonly part: number }): number =>
  part < 0 ? msn + 1 : msn + (part + 1) / 1e6;

/** The last part of the newest segment is that segment. */
function isEndOf({ segments, edge }: MediaPlaylist, msn: number, part: number | null): boolean {
  const last = segments.at(-1);
  return (
    edge.parts.length === 0 &&
    last?.number === msn &&
    (part === null || part < 0 || last.parts.length === 0 || part >= last.parts.length - 1)
  );
}

/** The date of timestamp zero. */
function zeroOf(
  history: PlaylistHistory,
  segment: ListedSegment,
  span: { readonly earliest: number; readonly timescale: number } | undefined,
): number | null {
  if (segment.dateTime === null || span === undefined || history.segments.get(segment.number) === undefined)
    return null;
  return segment.dateTime - (span.earliest * 1000) / span.timescale;
}

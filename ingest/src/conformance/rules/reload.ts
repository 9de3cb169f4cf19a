/** Rules about what changes from one reload of a media playlist to the next. */
import type { ListedSegment, MediaPlaylist } from "../hls-playlist.ts";
import { keyOf, lengthOf, partsOf, positionOf } from "../presentation.ts";
import { type Rule, rule } from "../rule.ts";

const ROUNDING = 0.0015;
/** HLS §6.2.1. */
const CADENCE = 1.5;
/** What a network and a busy client may add, in milliseconds. */
const LATENESS = 1000;

const CONSTANTS: readonly (readonly [string, (playlist: MediaPlaylist) => unknown])[] = [
  ["EXT-X-TARGETDURATION", ({ targetDuration }) => targetDuration],
  ["PART-TARGET", ({ partTarget }) => partTarget],
  ["HOLD-BACK", ({ control }) => control?.holdBack ?? null],
  ["PART-HOLD-BACK", ({ control }) => control?.partHoldBack ?? null],
  ["CAN-SKIP-UNTIL", ({ control }) => control?.canSkipUntil ?? null],
  ["CAN-BLOCK-RELOAD", ({ control }) => control?.canBlockReload ?? false],
];

/** What a segment is, as text: it never changes. */
function said(segment: ListedSegment): string {
  const { seconds, hasDiscontinuityTag, map, dateTime, isGap } = segment;
  return [
    keyOf(segment),
    `EXTINF ${seconds}`,
    hasDiscontinuityTag ? "discontinuity" : "",
    // A gap is not fetched, and not decoded with anything.
    map === null || isGap ? "" : `map ${keyOf(map)}`,
    dateTime === null ? "" : new Date(dateTime).toISOString(),
    isGap ? "gap" : "",
  ]
    .filter((word) => word !== "")
    .join(", ");
}

export const RELOAD_RULES: readonly Rule[] = [
  rule({
    name: "hls.constants",
    section: "HLS §6.2.1",
    severity: "must",
    demands: "TARGETDURATION, PART-TARGET and SERVER-CONTROL never change while it is live.",
    on: "reload",
    check({ reload: { playlist }, history: { first } }) {
      // What has ended is not reloaded: it need not say how.
      if (first === null) return [];
      return CONSTANTS.filter(([name]) => !playlist.hasEnded || name === "EXT-X-TARGETDURATION").flatMap(
        ([name, of]) => (of(first) === of(playlist) ? [] : [`${name} was ${of(first)} and is ${of(playlist)}`]),
      );
    },
  }),
  rule({
    name: "hls.media-sequence",
    section: "HLS §4.4.3.2, §6.2.2",
    severity: "must",
    demands: "EXT-X-MEDIA-SEQUENCE and the newest segment's number never decrease.",
    on: "reload",
    check({ reload: { playlist }, history: { latest } }) {
      if (latest === null) return [];
      const found: string[] = [];
      const before = latest.playlist;
      if (playlist.mediaSequence < before.mediaSequence) {
        found.push(`EXT-X-MEDIA-SEQUENCE went back from ${before.mediaSequence} to ${playlist.mediaSequence}`);
      }
      const [was, is] = [positionOf(before), positionOf(playlist)];
      if (is.msn < was.msn - (was.part >= 0 ? 1 : 0)) found.push(`The newest segment was ${was.msn} and is ${is.msn}`);
      return found;
    },
  }),
  rule({
    name: "hls.stable-segments",
    section: "HLS §6.2.1",
    severity: "must",
    demands: "A segment that is listed stays what it was said to be: URI, duration, map, date, discontinuity.",
    on: "reload",
    check: ({ reload: { playlist }, history }) =>
      playlist.segments.flatMap((segment) => {
        const known = history.segments.get(segment.number);
        if (known === undefined || known === segment || said(known) === said(segment)) return [];
        return [`Segment ${segment.number} was "${said(known)}" and is "${said(segment)}"`];
      }),
  }),
  rule({
    name: "hls.stable-parts",
    section: "HLS §6.2.1",
    severity: "must",
    demands: "A part that is listed stays what it was, in its place.",
    on: "reload",
    check({ reload: { playlist }, history: { latest } }) {
      if (latest === null) return [];
      const before = new Map(partsOf(latest.playlist).map((each) => [`${each.number} ${each.index}`, each.part]));
      return partsOf(playlist).flatMap(({ number, index, part }) => {
        const was = before.get(`${number} ${index}`);
        if (was === undefined) return [];
        const isSame =
          keyOf(was) === keyOf(part) && was.seconds === part.seconds && was.isIndependent === part.isIndependent;
        return isSame
          ? []
          : [
              `Part ${index} of segment ${number} was ${was.uri} of ${was.seconds} s and is ${part.uri} of ${part.seconds} s`,
            ];
      });
    },
  }),
  rule({
    name: "hls.discontinuity-sequence",
    section: "HLS §4.4.3.3, §6.2.2",
    severity: "must",
    demands:
      "EXT-X-DISCONTINUITY-SEQUENCE grows by one when a tag leaves the playlist, so that each segment keeps its number.",
    on: "reload",
    check({ reload: { playlist }, history }) {
      for (const segment of playlist.segments) {
        const known = history.segments.get(segment.number);
        if (known !== undefined && known.discontinuity !== segment.discontinuity) {
          return [
            `Segment ${segment.number} has discontinuity sequence ${segment.discontinuity}, it had ${known.discontinuity}`,
          ];
        }
      }
      return [];
    },
  }),
  rule({
    name: "hls.discontinuity-tag",
    section: "HLS §4.4.4.3",
    severity: "must",
    demands: "Another initialization segment follows a discontinuity only.",
    on: "reload",
    check({ reload: { playlist, fresh } }) {
      const isFresh = new Set(fresh.map(({ number }) => number));
      return playlist.segments.flatMap((segment, index) => {
        const before = playlist.segments[index - 1];
        if (before?.map == null || segment.map === null || segment.hasDiscontinuityTag) return [];
        if (!isFresh.has(segment.number) || segment.isGap || before.discontinuity !== segment.discontinuity) return [];
        return keyOf(before.map) === keyOf(segment.map)
          ? []
          : [`Segment ${segment.number} has another EXT-X-MAP than the one before, without EXT-X-DISCONTINUITY`];
      });
    },
  }),
  rule({
    name: "hls.update-cadence",
    section: "HLS §6.2.1",
    severity: "must",
    demands:
      "A new segment comes at most 1.5 target durations after the last one. An encoder that was away is excused by a discontinuity.",
    on: "reload",
    check({ reload: { playlist, fresh, answer }, history: { latest, newestAt, quietUntil } }) {
      const next = fresh[0];
      if (latest === null || next === undefined || next.hasDiscontinuityTag) return [];
      // The last look that did not have it was answered no earlier than it was asked for.
      const without = Math.max(latest.answer.sentAt, quietUntil);
      const waited = Math.min(without, answer.receivedAt) - newestAt;
      const limit = CADENCE * playlist.targetDuration * 1000 + LATENESS;
      return waited > limit
        ? [`Segment ${next.number} was not there ${(waited / 1000).toFixed(2)} s after the one before`]
        : [];
    },
  }),
  rule({
    name: "hls.silence",
    section: "HLS §6.2.1",
    severity: "must",
    demands: "A playlist that is live gets new segments; one that is over gets EXT-X-ENDLIST.",
    on: "silence",
    check({ history: { latest, newestAt }, answer }) {
      if (latest === null || latest.playlist.hasEnded) return [];
      const waited = answer.sentAt - newestAt;
      const limit = CADENCE * latest.playlist.targetDuration * 1000 + LATENESS;
      return waited > limit ? [`No new segment for ${(waited / 1000).toFixed(1)} s, and no EXT-X-ENDLIST`] : [];
    },
  }),
  rule({
    name: "hls.window",
    section: "HLS §6.2.2",
    severity: "must",
    demands: "After a removal, three target durations are left.",
    on: "reload",
    check({ reload: { playlist }, history: { latest } }) {
      if (latest === null || playlist.mediaSequence <= latest.playlist.mediaSequence) return [];
      const left = lengthOf(playlist.segments);
      return left < 3 * playlist.targetDuration - ROUNDING * playlist.segments.length
        ? [`Segment ${playlist.mediaSequence - 1} was removed, ${left.toFixed(2)} s are left`]
        : [];
    },
  }),
  rule({
    name: "hls.finality",
    section: "HLS §4.4.3.4, §6.2.1",
    severity: "must",
    demands: "Nothing changes after EXT-X-ENDLIST.",
    on: "reload",
    check: ({ reload: { text, asked }, history: { latest } }) =>
      latest?.playlist.hasEnded && latest.text !== text && asked === null ? ["It had ended, and has changed"] : [],
  }),
  rule({
    name: "hls.hint-kept",
    section: "HLS §4.4.5.3",
    severity: "must",
    demands: "The part that was hinted at is the next one that is listed.",
    on: "reload",
    check({ reload: { playlist }, history: { latest } }) {
      const hint = latest?.playlist.hints.find(({ type }) => type === "PART");
      if (latest === null || hint === undefined) return [];
      const last = partsOf(latest.playlist).at(-1);
      const now = partsOf(playlist);
      const at = last === undefined ? -1 : now.findIndex(({ part }) => keyOf(part) === keyOf(last.part));
      const next = at < 0 ? undefined : now[at + 1];
      if (next === undefined || next.part.isGap || next.part.uri === hint.uri) return [];
      return [`${hint.uri} was hinted at, ${next.part.uri} was listed`];
    },
  }),
  rule({
    name: "hls.blocking-reload",
    section: "HLS §6.2.5.2",
    severity: "must",
    demands: "A reload that asks for a segment or part is answered when the playlist has it.",
    on: "reload",
    check({ reload: { playlist, asked } }) {
      if (asked === null || playlist.hasEnded) return [];
      const { msn, part } = positionOf(playlist);
      const last = playlist.segments.at(-1);
      const isThere =
        (last?.number ?? -1) > asked.msn ||
        (asked.part === null
          ? last?.number === asked.msn
          : (msn === asked.msn && part >= asked.part) ||
            // A part beyond the segment's last is the first of the next.
            (last?.number === asked.msn && (last.parts.length === 0 || last.parts.length > asked.part || part >= 0)));
      const wanted = asked.part === null ? `segment ${asked.msn}` : `part ${asked.part} of segment ${asked.msn}`;
      return isThere ? [] : [`Asked for ${wanted}, the newest is ${part < 0 ? "" : `part ${part} of `}segment ${msn}`];
    },
  }),
  rule({
    name: "hls.skip-boundary",
    section: "HLS §4.4.5.2, §6.2.5.1",
    severity: "must",
    demands: "A delta update leaves out only what is further from the end than CAN-SKIP-UNTIL.",
    on: "reload",
    check({ reload: { playlist } }) {
      const { skipped, control, segments } = playlist;
      if (skipped === null) return [];
      const boundary = control?.canSkipUntil ?? null;
      if (boundary === null) return ["It is a delta update, and CAN-SKIP-UNTIL is not offered"];
      const kept = lengthOf(segments.slice(Math.min(skipped, segments.length))) + lengthOf(playlist.edge.parts);
      return kept < boundary - ROUNDING * segments.length
        ? [`${kept.toFixed(2)} s are left, CAN-SKIP-UNTIL is ${boundary}`]
        : [];
    },
  }),
  rule({
    name: "hls.delta-update",
    section: "HLS §6.2.5.1",
    severity: "must",
    demands: "A delta update with what was skipped is the whole playlist.",
    on: "delta",
    check({ delta, whole }) {
      const known = new Map(whole.segments.map((segment) => [segment.number, segment]));
      return delta.segments.flatMap((segment) => {
        const same = known.get(segment.number);
        if (same === undefined) return [];
        const isSame = said(same) === said(segment) && same.discontinuity === segment.discontinuity;
        return isSame ? [] : [`Segment ${segment.number} is "${said(segment)}", in the whole playlist "${said(same)}"`];
      });
    },
  }),
];

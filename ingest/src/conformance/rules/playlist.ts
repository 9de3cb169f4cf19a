/** Rules that one media or multivariant playlist keeps by itself. */
import type { ListedSegment } from "../hls-playlist.ts";
import { keyOf, lengthOf, partsOf } from "../presentation.ts";
import { type Rule, rule } from "../rule.ts";

/** Times are written with as few as three decimals. */
const ROUNDING = 0.0015;
/** §4.4.4.9. */
const LEAST_PART = 0.85;
/** How far dates may be from what durations say, in milliseconds. */
const DATE_SLACK = 100;

export const PLAYLIST_RULES: readonly Rule[] = [
  rule({
    name: "hls.multivariant-syntax",
    section: "HLS §4.4.6",
    severity: "must",
    demands:
      "A multivariant playlist is well-formed, has BANDWIDTH for each variant, and has the groups that it names.",
    on: "multivariant",
    check: ({ playlist: { problems, variants, alternatives } }) => [
      ...problems,
      ...(variants.length === 0 ? ["It has no variant"] : []),
      ...variants.flatMap(({ uri, bandwidth, groups }) => [
        ...(bandwidth === null ? [`${uri} has no BANDWIDTH`] : []),
        ...[...groups]
          .filter(([type, name]) => !alternatives.some((each) => each.type === type && each.group === name))
          .map(([type, name]) => `${uri} names the ${type} group "${name}", which is not there`),
      ]),
    ],
  }),
  rule({
    name: "hls.variant-attributes",
    section: "HLS §4.4.6.2",
    severity: "should",
    demands: "Variants have CODECS and AVERAGE-BANDWIDTH, those with a picture RESOLUTION and FRAME-RATE.",
    on: "multivariant",
    check: ({ playlist }) =>
      playlist.variants.flatMap(({ uri, codecs, averageBandwidth, resolution, frameRate }) => {
        const hasPicture = codecs === null || /\b(avc|hvc|hev|av01|vp0?9|dvh)/.test(codecs);
        const missing = [
          ...(codecs === null ? ["CODECS"] : []),
          ...(averageBandwidth === null ? ["AVERAGE-BANDWIDTH"] : []),
          ...(hasPicture && resolution === null ? ["RESOLUTION"] : []),
          ...(hasPicture && frameRate === null ? ["FRAME-RATE"] : []),
        ];
        return missing.length === 0 ? [] : [`${uri} has no ${missing.join(", ")}`];
      }),
  }),
  rule({
    name: "hls.syntax",
    section: "HLS §4",
    severity: "must",
    demands: "A media playlist is well-formed.",
    on: "reload",
    check: ({ reload }) => reload.playlist.problems,
  }),
  rule({
    name: "hls.version",
    section: "HLS §8",
    severity: "must",
    demands: "EXT-X-VERSION is at least what the tags in use need.",
    on: "reload",
    check({ reload: { playlist } }) {
      const { segments, skipped, version } = playlist;
      const needed =
        skipped !== null
          ? 9
          : segments.some(({ map }) => map !== null)
            ? 6
            : segments.some(({ range }) => range !== null)
              ? 4
              : segments.some(({ seconds }) => !Number.isInteger(seconds))
                ? 3
                : 1;
      return version < needed ? [`EXT-X-VERSION is ${version}, its tags need ${needed}`] : [];
    },
  }),
  rule({
    name: "hls.target-duration",
    section: "HLS §4.4.3.1",
    severity: "must",
    demands: "EXTINF, rounded, is at most EXT-X-TARGETDURATION.",
    on: "reload",
    check: ({ reload: { fresh, playlist } }) =>
      fresh
        .filter(({ seconds }) => Math.round(seconds) > playlist.targetDuration)
        .map(({ number, seconds }) => `Segment ${number} lasts ${seconds} s, the target is ${playlist.targetDuration}`),
  }),
  rule({
    name: "hls.server-control",
    section: "HLS §4.4.3.8",
    severity: "must",
    demands:
      "HOLD-BACK is 3 target durations or more, CAN-SKIP-UNTIL 6, PART-HOLD-BACK 2 part targets; parts need PART-INF.",
    on: "reload",
    check({ reload: { playlist } }) {
      const { control, targetDuration, partTarget, hasEnded } = playlist;
      const found: string[] = [];
      const least = (name: string, value: number | null | undefined, wanted: number): void => {
        if (typeof value === "number" && value < wanted - ROUNDING)
          found.push(`${name} is ${value}, less than ${wanted}`);
      };
      least("HOLD-BACK", control?.holdBack, 3 * targetDuration);
      least("CAN-SKIP-UNTIL", control?.canSkipUntil, 6 * targetDuration);
      if (partTarget !== null) {
        least("PART-HOLD-BACK", control?.partHoldBack, 2 * partTarget);
        if (!hasEnded && (control?.partHoldBack ?? null) === null)
          found.push("There is PART-INF, but no PART-HOLD-BACK");
      } else if (partsOf(playlist).length > 0) found.push("There are parts, but no EXT-X-PART-INF");
      return found;
    },
  }),
  rule({
    name: "hls.part-hold-back",
    section: "Apple authoring 14.10, HLS §4.4.3.8",
    severity: "should",
    demands: "PART-HOLD-BACK is at least three part targets.",
    on: "reload",
    check({ reload: { playlist } }) {
      const held = playlist.control?.partHoldBack ?? null;
      if (held === null || playlist.partTarget === null || held >= 3 * playlist.partTarget - ROUNDING) return [];
      return [`PART-HOLD-BACK is ${held}, PART-TARGET ${playlist.partTarget}`];
    },
  }),
  rule({
    name: "hls.part-target",
    section: "HLS §4.4.4.9",
    severity: "must",
    demands: "No part is longer than PART-TARGET.",
    on: "reload",
    check: ({ reload: { freshParts, playlist } }) =>
      freshParts
        .filter(({ part }) => playlist.partTarget !== null && part.seconds > playlist.partTarget + 1e-6)
        .map(
          ({ number, part }) =>
            `${part.uri} of segment ${number} lasts ${part.seconds} s, PART-TARGET is ${playlist.partTarget}`,
        ),
  }),
  rule({
    name: "hls.part-length",
    section: "HLS §4.4.4.9",
    severity: "must",
    demands: "A part has at least 85 % of PART-TARGET, unless it is independent, its segment's last, or before a gap.",
    on: "reload",
    check({ reload: { freshParts, playlist } }) {
      const { partTarget } = playlist;
      if (partTarget === null) return [];
      const all = partsOf(playlist);
      const isNew = new Set(freshParts.map(({ part }) => part));
      return all.flatMap(({ number, part }, index) => {
        const next = all[index + 1];
        // The newest may turn out to be its segment's last: judged by the next reload.
        const isOpen = next === undefined || next.number !== number || next.part.isGap;
        if (isOpen || (!isNew.has(part) && !isNew.has(next.part))) return [];
        if (part.isIndependent || part.isGap || part.seconds >= LEAST_PART * partTarget - ROUNDING) return [];
        return [`${part.uri} of segment ${number} lasts ${part.seconds} s, PART-TARGET is ${partTarget}`];
      });
    },
  }),
  rule({
    name: "hls.parts-fill-segment",
    section: "HLS §4.4.4.9",
    severity: "must",
    demands: "The parts of a segment last as long as it does.",
    on: "reload",
    check: ({ reload: { fresh } }) =>
      fresh
        .filter(({ parts }) => parts.length > 0)
        .filter(({ parts, seconds }) => Math.abs(lengthOf(parts) - seconds) > 0.02 + ROUNDING * parts.length)
        .map(
          ({ number, parts, seconds }) =>
            `Segment ${number} lasts ${seconds} s, its parts ${lengthOf(parts).toFixed(3)}`,
        ),
  }),
  rule({
    name: "hls.preload-hint",
    section: "HLS §4.4.5.3",
    severity: "should",
    demands: "A live playlist of parts hints at the next one.",
    on: "reload",
    check: ({ reload: { playlist } }) =>
      playlist.partTarget !== null && !playlist.hasEnded && !playlist.hints.some(({ type }) => type === "PART")
        ? ["There is no EXT-X-PRELOAD-HINT of type PART"]
        : [],
  }),
  rule({
    name: "hls.end",
    section: "HLS §4.4.3.4, §4.4.5.3",
    severity: "must",
    demands: "A playlist that has ended hints at nothing more.",
    on: "reload",
    check: ({ reload: { playlist } }) =>
      playlist.hasEnded && playlist.hints.length > 0 ? ["EXT-X-ENDLIST stands beside EXT-X-PRELOAD-HINT"] : [],
  }),
  rule({
    name: "hls.unique-uri",
    section: "HLS §6.2.2",
    severity: "must",
    demands: "A URI stands for one segment.",
    on: "reload",
    check: ({ reload: { fresh }, history }) => {
      const seen = new Map<string, number>();
      return fresh.flatMap((segment) => {
        const key = keyOf(segment);
        const other = history.references.get(key) ?? seen.get(key);
        seen.set(key, segment.number);
        return segment.isGap || other === undefined || other === segment.number
          ? []
          : [`${segment.uri} is segment ${segment.number} and was segment ${other}`];
      });
    },
  }),
  rule({
    name: "hls.date-time",
    section: "HLS §4.4.4.6",
    severity: "must",
    demands: "EXT-X-PROGRAM-DATE-TIME grows by the segments' durations, except at a discontinuity.",
    on: "reload",
    check: ({ reload: { playlist, fresh } }) => {
      const newest = new Set(fresh.map(({ number }) => number));
      const found: string[] = [];
      let before: ListedSegment | null = null;
      for (const segment of playlist.segments) {
        const last = before;
        before = segment;
        if (last?.dateTime == null || segment.dateTime === null || segment.hasDiscontinuityTag) continue;
        if (!newest.has(segment.number)) continue;
        const off = segment.dateTime - last.dateTime - last.seconds * 1000;
        if (Math.abs(off) > DATE_SLACK) {
          found.push(
            `Segment ${segment.number} is dated ${off > 0 ? "later" : "earlier"} by ${Math.abs(off).toFixed(0)} ms than the one before ends`,
          );
        }
      }
      return found;
    },
  }),
];

/** Rules of live DASH, ISO/IEC 23009-1 and DASH-IF IOP 4.3. */
import type { AdaptationSet, Mpd } from "../mpd.ts";
import { type Rule, rule } from "../rule.ts";
import { availableAt, placesOf, timelineOf, wholeSegments } from "./dash-places.ts";

/** IOP: clocks agree within a second. */
const CLOCK_SLACK_MS = 1000;
/** In seconds. */
const ROUNDING = 0.0015;
const EARLY_MS = 500;

const CONSTANTS: readonly (readonly [string, (mpd: Mpd) => unknown])[] = [
  ["MPD@availabilityStartTime", ({ availabilityStartTime }) => availabilityStartTime],
  ["MPD@timeShiftBufferDepth", ({ timeShiftBufferDepth }) => timeShiftBufferDepth],
  ["MPD@maxSegmentDuration", ({ maxSegmentDuration }) => maxSegmentDuration],
];

const isMedia = ({ kind }: AdaptationSet): boolean => kind !== "other";

export const DASH_RULES: readonly Rule[] = [
  rule({
    name: "dash.syntax",
    section: "DASH §5.3.1.2",
    severity: "must",
    demands: "The manifest is well-formed and names its profile and minBufferTime.",
    on: "mpd",
    check: ({ mpd }) => [
      ...mpd.problems,
      ...(mpd.profiles === "" ? ["MPD has no @profiles"] : []),
      ...(mpd.minBufferTime === null ? ["MPD has no @minBufferTime"] : []),
    ],
  }),
  rule({
    name: "dash.live",
    section: "DASH §5.3.1.2",
    severity: "must",
    demands:
      "A dynamic manifest has availabilityStartTime, publishTime, and Periods with id and start; a static one its duration.",
    on: "mpd",
    check({ mpd }) {
      if (!mpd.isDynamic)
        return mpd.mediaPresentationDuration === null ? ["It is static, without @mediaPresentationDuration"] : [];
      return [
        ...(mpd.availabilityStartTime === null ? ["MPD has no @availabilityStartTime"] : []),
        ...(mpd.publishTime === null ? ["MPD has no @publishTime"] : []),
        ...mpd.periods.flatMap(({ id, start }, index) => [
          ...(id === null ? [`Period ${index + 1} has no @id`] : []),
          ...(start === null ? [`Period ${id ?? index + 1} has no @start`] : []),
        ]),
      ];
    },
  }),
  rule({
    name: "dash.utc-timing",
    section: "DASH §5.8.4.11, IOP §4.7",
    severity: "must",
    demands: "A dynamic manifest says where clients get the time.",
    on: "mpd",
    check: ({ mpd }) => (mpd.isDynamic && mpd.utcTimings.length === 0 ? ["There is no UTCTiming"] : []),
  }),
  rule({
    name: "dash.clock",
    section: "DASH §5.8.4.11, IOP §4.7",
    severity: "must",
    demands: "The clock that UTCTiming names is there and right within a second.",
    on: "clock",
    check({ offMs, tripMs }) {
      if (offMs === null) return ["It answers no time"];
      return Math.abs(offMs) > CLOCK_SLACK_MS + tripMs ? [`It is off by ${Math.round(offMs)} ms`] : [];
    },
  }),
  rule({
    name: "dash.constants",
    section: "DASH §5.4, IOP §4.4",
    severity: "must",
    demands: "availabilityStartTime, timeShiftBufferDepth, maxSegmentDuration and the starts of Periods never change.",
    on: "mpd",
    check({ mpd, history }) {
      if (history === null || !mpd.isDynamic) return [];
      return [
        ...CONSTANTS.flatMap(([name, of]) =>
          of(history.first) === of(mpd) ? [] : [`${name} was ${of(history.first)} and is ${of(mpd)}`],
        ),
        ...mpd.periods.flatMap(({ id, start }) => {
          const known = id === null ? undefined : history.periods.get(id);
          return known === undefined || known === start
            ? []
            : [`Period ${id} began at ${known} and begins at ${start}`];
        }),
      ];
    },
  }),
  rule({
    name: "dash.ids",
    section: "DASH §5.3.3.2, §5.3.5.2, §5.4",
    severity: "must",
    demands: "Ids of Periods, AdaptationSets and Representations are unique and stay with what they name.",
    on: "mpd",
    check({ mpd, history }) {
      const found: string[] = [];
      const twice = (what: string, ids: readonly (string | null)[]): void => {
        const known = ids.filter((id) => id !== null);
        if (new Set(known).size < known.length) found.push(`Two ${what} have one id: ${known.join(", ")}`);
      };
      twice(
        "Periods",
        mpd.periods.map(({ id }) => id),
      );
      for (const { id, sets } of mpd.periods) {
        twice(
          `AdaptationSets of Period ${id}`,
          sets.map((set) => set.id),
        );
        twice(
          `Representations of Period ${id}`,
          sets.flatMap(({ representations }) => representations.map((each) => each.id)),
        );
        const before = history?.latest.periods.find((period) => period.id === id && id !== null);
        for (const set of before?.sets ?? []) {
          const same = sets.find((each) => each.id === set.id);
          if (same !== undefined && same.kind !== set.kind) {
            found.push(`AdaptationSet ${set.id} of Period ${id} was ${set.kind} and is ${same.kind}`);
          }
        }
      }
      return found;
    },
  }),
  rule({
    name: "dash.publish-time",
    section: "DASH §5.4",
    severity: "must",
    demands: "publishTime grows when the manifest changes.",
    on: "mpd",
    check({ mpd, text, history }) {
      if (history === null || text === history.latestText || !mpd.isDynamic) return [];
      const [was, is] = [history.latest.publishTime, mpd.publishTime];
      return was !== null && is !== null && is < was ? [`It went back by ${was - is} ms`] : [];
    },
  }),
  rule({
    name: "dash.timeline",
    section: "DASH §5.3.9.6",
    severity: "must",
    demands:
      "Segments of a SegmentTimeline follow one another without overlap, none is longer than maxSegmentDuration.",
    on: "mpd",
    check: ({ mpd }) =>
      placesOf(mpd).flatMap(({ name, representation: { template } }) => {
        const segments = template?.segments ?? [];
        return segments.flatMap(({ time, duration, number }, index) => {
          const next = segments[index + 1];
          const seconds = duration / template!.timescale;
          return [
            ...(duration <= 0 ? [`${name}: segment ${number} has no duration`] : []),
            ...(next !== undefined && next.time < time + duration
              ? [`${name}: segment ${number} overlaps the next by ${time + duration - next.time}`]
              : []),
            ...(mpd.maxSegmentDuration !== null && seconds > mpd.maxSegmentDuration + ROUNDING
              ? [`${name}: segment ${number} lasts ${seconds} s, maxSegmentDuration is ${mpd.maxSegmentDuration}`]
              : []),
          ];
        });
      }),
  }),
  rule({
    name: "dash.stable-timeline",
    section: "DASH §5.3.9.6, §5.4",
    severity: "must",
    demands: "A segment that is listed keeps its number, time and duration.",
    on: "mpd",
    check({ mpd, history }) {
      if (history === null) return [];
      const found: string[] = [];
      for (const [key, { time, duration }] of timelineOf(mpd)) {
        const known = history.segments.get(key);
        if (known !== undefined && (known.time !== time || known.duration !== duration)) {
          found.push(`${key} was ${known.time}+${known.duration} and is ${time}+${duration}`);
        }
      }
      return found;
    },
  }),
  rule({
    name: "dash.availability",
    section: "DASH §5.3.9.5.3",
    severity: "should",
    demands: "A segment that is made is available by the manifest's clock: clients need not wait for it.",
    on: "mpd",
    check({ mpd, answer }) {
      if (!mpd.isDynamic || mpd.availabilityStartTime === null) return [];
      const start = mpd.availabilityStartTime;
      return placesOf(mpd).flatMap(({ name, period, representation: { template } }) => {
        const last = wholeSegments(mpd, template).at(-1);
        if (template === null || last === undefined) return [];
        const early = start + availableAt(period, template, last.time + last.duration) * 1000 - answer.receivedAt;
        return early > EARLY_MS
          ? [`${name}: segment ${last.number} is listed ${Math.round(early)} ms before it is available`]
          : [];
      });
    },
  }),
  rule({
    name: "dash.attributes",
    section: "DASH §5.3.5.2, §5.3.7.2, IOP §3.2",
    severity: "must",
    demands: "Representations say mimeType, codecs, bandwidth, and size or sampling rate.",
    on: "mpd",
    check: ({ mpd }) =>
      placesOf(mpd).flatMap(({ name, set, representation: { attributes } }) => {
        if (!isMedia(set)) return [];
        const wanted = [
          "mimeType",
          "codecs",
          "bandwidth",
          ...(set.kind === "video" ? ["width", "height"] : ["audioSamplingRate"]),
        ];
        const missing = wanted.filter((each) => !attributes.has(each));
        return missing.length === 0 ? [] : [`${name} has no @${missing.join(", @")}`];
      }),
  }),
  rule({
    name: "dash.recommended-attributes",
    section: "IOP §3.2, §6.2",
    severity: "should",
    demands: "AdaptationSets say segmentAlignment, lang, and frameRate, sar, par or AudioChannelConfiguration.",
    on: "mpd",
    check: ({ mpd }) =>
      placesOf(mpd).flatMap(({ name, set, representation: { attributes, channels } }) => {
        if (!isMedia(set)) return [];
        const aligned = attributes.has("segmentAlignment") || attributes.has("subsegmentAlignment");
        const missing = [
          ...(aligned ? [] : ["@segmentAlignment"]),
          ...(set.kind === "video" && !attributes.has("frameRate") ? ["@frameRate"] : []),
          ...(set.kind === "audio" && channels === null ? ["AudioChannelConfiguration"] : []),
        ];
        return missing.length === 0 ? [] : [`${name} has no ${missing.join(", ")}`];
      }),
  }),
  rule({
    name: "dash.end",
    section: "DASH §5.4",
    severity: "must",
    demands: "A manifest that became static is never dynamic again.",
    on: "mpd",
    check: ({ mpd, history }) =>
      history !== null && !history.latest.isDynamic && mpd.isDynamic ? ["It was static, and is dynamic"] : [],
  }),
  rule({
    name: "dash.low-latency",
    section: "IOP LL §9.X.4",
    severity: "should",
    demands: "Segments that are offered while they grow come with a ServiceDescription and ProducerReferenceTime.",
    on: "mpd",
    check({ mpd }) {
      const growing = placesOf(mpd).filter(
        ({ representation: { template } }) => template !== null && !template.isCompleteWhenAvailable,
      );
      if (growing.length === 0 || !mpd.isDynamic) return [];
      return [
        ...(mpd.hasLatency ? [] : ["There is no ServiceDescription with Latency"]),
        ...growing
          .filter(({ set }) => !set.hasProducerReferenceTime)
          .map(({ name }) => `${name} has no ProducerReferenceTime`),
        ...growing
          .filter(({ representation }) => !((representation.template?.availabilityTimeOffset ?? 0) > 0))
          .map(({ name }) => `${name} has availabilityTimeComplete="false" and no availabilityTimeOffset`),
      ];
    },
  }),
  rule({
    name: "dash.codecs",
    section: "DASH §5.3.7.2",
    severity: "must",
    demands: "@codecs, @width and @height are those of the initialization segment.",
    on: "mpd-init",
    check({ init, representation: { id, attributes } }) {
      if (init === null || init.tracks.length === 0) return [`The initialization segment of ${id} can't be read`];
      if (init.isEncrypted) return [];
      const listed = (attributes.get("codecs") ?? "").toLowerCase().split(",");
      return init.tracks.flatMap(({ track }) => {
        const name = track.codecs === "mp4a.40.34" ? "mp4a.6b" : track.codecs.toLowerCase();
        const size = track.kind === "video" ? `${track.width}x${track.height}` : null;
        const said = `${attributes.get("width") ?? ""}x${attributes.get("height") ?? ""}`;
        return [
          ...(listed.includes(name) || listed.includes(track.codecs)
            ? []
            : [`${id} contains ${name}, @codecs is ${listed.join(",")}`]),
          ...(size === null || said === "x" || said === size
            ? []
            : [`The picture of ${id} is ${size}, the manifest says ${said}`]),
        ];
      });
    },
  }),
  rule({
    name: "dash.segment-time",
    section: "DASH §5.3.9.6",
    severity: "must",
    demands: "S@t is the earliest presentation time of the segment, S@d its duration, within a frame.",
    on: "mpd-segment",
    check({ segment: { number, time, duration }, representation: { id, template }, file }) {
      const span = file.spans[0];
      if (template === null) return [];
      if (span === undefined)
        return file.problem === null ? [] : [`Segment ${number} of ${id} can't be read: ${file.problem}`];
      const { timescale } = template;
      const seconds = { time: time / timescale, duration: duration / timescale };
      const real = { time: span.earliest / span.timescale, duration: (span.end - span.start) / span.timescale };
      const frame = span.frame / span.timescale + ROUNDING;
      return [
        ...(Math.abs(real.time - seconds.time) > frame
          ? [`Segment ${number} of ${id} begins at ${real.time}, S@t says ${seconds.time}`]
          : []),
        ...(Math.abs(real.duration - seconds.duration) > frame
          ? [`Segment ${number} of ${id} lasts ${real.duration}, S@d says ${seconds.duration}`]
          : []),
      ];
    },
  }),
];

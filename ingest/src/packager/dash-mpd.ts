/** The DASH manifest, ISO/IEC 23009-1 with the constraints of DASH-IF IOP 4.3 for live. */
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Colour } from "../live/media-tag.ts";
import { initName } from "./hls-lines.ts";
import type { EpochInfo, EpochTrack, MediaSegment } from "./segment.ts";
import { timelineOf } from "./timeline.ts";
import type { BroadcastView, LowLatency, RenditionMedia, RenditionView } from "./view.ts";
import { element, type XmlAttributes } from "./xml.ts";

export interface MpdOptions {
  /** Answers the time as text, for UTCTiming `http-iso`. */
  readonly timeUri: string;
  /** Where a rendition's segments lie, with a slash at its end. */
  readonly baseOf: (rendition: string) => string;
  /** Of a recording: its first Period begins at zero. */
  readonly isRecording?: boolean;
}

interface Period {
  readonly epoch: EpochInfo;
  readonly sets: Represented[];
}

interface Represented {
  readonly source: EpochTrack;
  readonly media: RenditionMedia;
  readonly segments: Listed[];
  /** What is listed before them, in pieces of a SegmentTimeline. */
  readonly past: {
    readonly first: number;
    readonly timeline: readonly string[];
    readonly isIndependent: boolean;
  } | null;
}

/** A segment, or the one that is growing with the duration that it will have, as far as can be known. */
type Listed = Pick<MediaSegment, "number" | "epoch" | "timescale" | "time" | "duration" | "isIndependent">;

const KINDS = ["video", "audio"] as const;
const PLAYED_BEHIND = 3;
/** How far behind live a low-latency player stays: three parts, as in HLS, and the time in which it asks for a manifest. */
const LATENCY_PARTS = 3;
const LATENCY_ROOM = 0.4;
/** A player may play so much slower or faster to stay there. */
const PLAYBACK_RATE = { min: "0.96", max: "1.04" };

export function renderMpd(view: BroadcastView, options: MpdOptions): string {
  const periods = periodsOf(view);
  const zero = options.isRecording === true ? (periods[0]?.epoch.startsAt ?? ms(0)) : ms(0);
  const root: XmlAttributes = [
    ["xmlns", "urn:mpeg:dash:schema:mpd:2011"],
    ["profiles", "urn:mpeg:dash:profile:isoff-live:2011"],
    ["type", view.hasEnded ? "static" : "dynamic"],
    ["minBufferTime", duration(view.targetDuration)],
    // §5.3.1.2: no segment is longer, ever. A segment may round down to the target.
    ["maxSegmentDuration", duration(view.targetDuration + 0.5)],
    ...(view.hasEnded ? ended(view, zero) : live(view)),
  ];
  const { lowLatency } = view;
  const growing = view.hasEnded ? null : lowLatency;
  const body = periods.map((period) => renderPeriod(period, zero, view, options));
  const timing = utcTiming(options);
  const service = growing === null ? [] : [serviceDescription(growing)];
  const children = view.hasEnded ? body : [...service, ...body, timing];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("MPD", root, children)}\n`;
}

/** Seconds behind live. */
const latencyOf = ({ partTarget }: LowLatency): number => LATENCY_PARTS * partTarget + LATENCY_ROOM;

/** ISO/IEC 23009-1 Annex K.4.2. */
function serviceDescription(lowLatency: LowLatency): string {
  const target = Math.round(latencyOf(lowLatency) * 1000);
  return element(
    "ServiceDescription",
    [["id", "0"]],
    [
      element("Latency", [
        ["target", String(target)],
        ["min", String(Math.round(target / 2))],
        ["max", String(3 * target)],
      ]),
      element("PlaybackRate", [
        ["min", PLAYBACK_RATE.min],
        ["max", PLAYBACK_RATE.max],
      ]),
    ],
  );
}

function live(view: BroadcastView): XmlAttributes {
  const { lowLatency, targetDuration } = view;
  return [
    ["availabilityStartTime", new Date(view.startedAt).toISOString()],
    ["publishTime", new Date(view.changedAt).toISOString()],
    ["minimumUpdatePeriod", duration(lowLatency === null ? targetDuration / 2 : lowLatency.partTarget)],
    // §5.3.1.2: without it the whole presentation is there.
    ...(view.windowSeconds === null ? [] : ([["timeShiftBufferDepth", duration(view.windowSeconds)]] as const)),
    [
      "suggestedPresentationDelay",
      duration(lowLatency === null ? targetDuration * PLAYED_BEHIND : latencyOf(lowLatency)),
    ],
  ];
}

function ended(view: BroadcastView, zero: Milliseconds): XmlAttributes {
  let end = 0;
  for (const { segments, past = null } of view.renditions) {
    const last = segments.at(-1) ?? past?.log.at(past.to - 1) ?? null;
    if (last !== null) end = Math.max(end, (last.time + last.duration) / last.timescale);
  }
  return [["mediaPresentationDuration", duration(Math.max(0, end - zero / 1000))]];
}

function periodsOf(view: BroadcastView): Period[] {
  const periods = new Map<number, Period>();
  const periodOf = (epoch: EpochInfo): Period => {
    const period = periods.get(epoch.number) ?? { epoch, sets: [] };
    periods.set(epoch.number, period);
    return period;
  };
  for (const { name, media, past = null } of view.renditions) {
    for (const { epoch, from, to: stop } of past?.log.epochs(past.from, past.to) ?? []) {
      const { log, to } = past!;
      const timeline = log.timeline(epoch, past!.from, to);
      const first = Math.max(from, past!.from);
      if (timeline.length === 0) continue;
      const set = { first, timeline, isIndependent: log.isIndependent(first, Math.min(stop, to)) };
      periodOf(epoch).sets.push({ source: sourceOf(epoch, name), media, segments: [], past: set });
    }
  }
  for (const rendition of view.renditions) {
    for (const segment of listed(view, rendition)) {
      const { epoch } = segment;
      const { sets } = periodOf(epoch);
      const set = sets.find(({ source }) => source.rendition === rendition.name);
      if (set !== undefined) set.segments.push(segment);
      else {
        const source = sourceOf(epoch, rendition.name);
        sets.push({ source, media: rendition.media, segments: [segment], past: null });
      }
    }
  }
  return [...periods.values()].sort((a, b) => a.epoch.number - b.epoch.number);
}

/** §5.3.9.5.3: a low-latency player asks for the growing segment, and reads on while it grows. */
function listed(view: BroadcastView, { segments, growing }: RenditionView): Listed[] {
  const whole = segments.filter((segment) => segment.kind === "media");
  if (view.lowLatency === null || view.hasEnded || growing === null) return whole;
  const { number, epoch, timescale, parts } = growing;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  const before = whole.at(-1);
  const usual = before?.epoch === epoch ? before.duration : Math.round(view.targetDuration * timescale);
  const expected = Math.max(usual, last.time + last.duration - first.time);
  const { time, isIndependent } = first;
  return [...whole, { number, epoch, timescale, time, duration: expected, isIndependent }];
}

function sourceOf(epoch: EpochInfo, name: string): EpochTrack {
  return epoch.tracks.find(({ rendition }) => rendition === name)!;
}

function renderPeriod({ epoch, sets }: Period, zero: Milliseconds, view: BroadcastView, options: MpdOptions): string {
  return element(
    "Period",
    [
      ["id", `p${epoch.number}`],
      ["start", duration((epoch.startsAt - zero) / 1000)],
    ],
    KINDS.flatMap((kind) => {
      const same = sets.filter(({ source }) => source.track.kind === kind);
      return same.length === 0 ? [] : [renderSet(same, epoch, view, options)];
    }),
  );
}

/** §5.3.3: what a player may change between stands in one AdaptationSet. */
function renderSet(sets: readonly Represented[], epoch: EpochInfo, view: BroadcastView, options: MpdOptions): string {
  const { source } = sets[0]!;
  const { track } = source;
  const lowLatency = view.hasEnded ? null : view.lowLatency;
  const isVideo = track.kind === "video";
  const independent = sets.every(
    ({ past, segments }) => past?.isIndependent !== false && segments.every((segment) => segment.isIndependent),
  );
  return element(
    "AdaptationSet",
    [
      ["id", isVideo ? "1" : "2"],
      ["contentType", track.kind],
      ["mimeType", `${track.kind}/mp4`],
      ["lang", "und"],
      ["segmentAlignment", "true"],
      // §5.3.7.2: 1 = every segment starts with an access point that is also first in presentation.
      ...(independent ? ([["startWithSAP", "1"]] as const) : []),
      ...(isVideo ? ([["par", ratio(track.width, track.height)]] as const) : []),
    ],
    [
      element("Role", [
        ["schemeIdUri", "urn:mpeg:dash:role:2011"],
        ["value", "main"],
      ]),
      ...(lowLatency === null ? [] : [referenceTime(view, source, epoch, options)]),
      ...sets.map((each) =>
        renderRepresentation(each.source, each.media, [
          renderTemplate(each.source, each.segments, each.past, epoch, view, options),
        ]),
      ),
    ],
  );
}

function renderRepresentation(source: EpochTrack, media: RenditionMedia, template: readonly string[]): string {
  const { track, rendition } = source;
  const common: XmlAttributes = [
    ["id", rendition],
    // RFC 6381 names MP3 by its object type; HLS has a name of its own for it.
    ["codecs", track.codecs === "mp4a.40.34" ? "mp4a.6B" : track.codecs],
    ["bandwidth", String(media.peak)],
  ];
  if (track.kind === "video") {
    return element(
      "Representation",
      [
        ...common,
        ["width", String(track.width)],
        ["height", String(track.height)],
        ["frameRate", fraction(media.frameRate)],
        ["sar", "1:1"],
      ],
      [...(track.colour === undefined ? [] : colourProperties(track.colour)), ...template],
    );
  }
  return element(
    "Representation",
    [...common, ["audioSamplingRate", String(track.sampleRate)]],
    [
      element("AudioChannelConfiguration", [
        ["schemeIdUri", "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"],
        ["value", String(track.channels)],
      ]),
      ...template,
    ],
  );
}

/** DASH-IF IOP 4.3 §10.3, by ISO/IEC 23091-2. Supplemental, not essential: where there is no other picture, one in wrong colours is better than none. */
function colourProperties({ primaries, transfer, matrix }: Colour): string[] {
  const told = { ColourPrimaries: primaries, TransferCharacteristics: transfer, MatrixCoefficients: matrix };
  return Object.entries(told).map(([name, value]) =>
    element("SupplementalProperty", [
      ["schemeIdUri", `urn:mpeg:mpegB:cicp:${name}`],
      ["value", String(value)],
    ]),
  );
}

/** §5.12: which moment of the clock a moment of the media is. */
function referenceTime(view: BroadcastView, { timescale }: EpochTrack, epoch: EpochInfo, options: MpdOptions): string {
  return element(
    "ProducerReferenceTime",
    [
      ["id", "0"],
      // And before each part as `prft`.
      ["inband", "true"],
      ["type", "encoder"],
      ["wallClockTime", new Date(view.startedAt + epoch.startsAt).toISOString()],
      ["presentationTime", String(Math.round((epoch.startsAt * timescale) / 1000))],
    ],
    [utcTiming(options)],
  );
}

const utcTiming = ({ timeUri }: MpdOptions): string =>
  element("UTCTiming", [
    ["schemeIdUri", "urn:mpeg:dash:utc:http-iso:2014"],
    ["value", timeUri],
  ]);

function renderTemplate(
  { rendition, timescale }: EpochTrack,
  segments: readonly Listed[],
  past: Represented["past"],
  epoch: EpochInfo,
  { lowLatency, hasEnded, targetDuration }: BroadcastView,
  options: MpdOptions,
): string {
  const base = options.baseOf(rendition);
  // A segment may be asked for as soon as its first part is there.
  const early: XmlAttributes =
    lowLatency === null || hasEnded
      ? []
      : [
          ["availabilityTimeOffset", String(Number((targetDuration - lowLatency.partTarget).toFixed(3)))],
          ["availabilityTimeComplete", "false"],
        ];
  return element(
    "SegmentTemplate",
    [
      ["timescale", String(timescale)],
      ["presentationTimeOffset", String(Math.round((epoch.startsAt * timescale) / 1000))],
      ["initialization", `${base}${initName(epoch.number)}`],
      ["media", `${base}$Number$.m4s`],
      ["startNumber", String(past?.first ?? segments[0]!.number)],
      ...early,
    ],
    [element("SegmentTimeline", [], [...(past?.timeline ?? []), ...timelineOf(segments)])],
  );
}

/** xs:duration. */
function duration(seconds: number): string {
  return `PT${Number(seconds.toFixed(3))}S`;
}

function ratio(width: number, height: number): string {
  let [a, b] = [width, height];
  while (b !== 0) [a, b] = [b, a % b];
  return a === 0 ? "1:1" : `${width / a}:${height / a}`;
}

/** @frameRate is a fraction: 29.97 is 30000/1001. */
function fraction(rate: number): string {
  if (Number.isInteger(rate)) return String(rate);
  const thousandths = Math.round(rate * 1001);
  if (thousandths % 1000 === 0) return `${thousandths}/1001`;
  return `${Math.round(rate * 1000)}/1000`;
}

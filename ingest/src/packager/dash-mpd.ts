/** The DASH manifest, ISO/IEC 23009-1 with the constraints of DASH-IF IOP 4.3 for live. */
import { initName } from "./hls-media.ts";
import type { EpochInfo, EpochTrack, MediaSegment } from "./segment.ts";
import type { BroadcastView, RenditionMedia } from "./view.ts";
import { element, type XmlAttributes } from "./xml.ts";

export interface MpdOptions {
  /** Answers the time as text, for UTCTiming `http-iso`. */
  readonly timeUri: string;
  /** Where a rendition's segments lie, with a slash at its end. */
  readonly baseOf: (rendition: string) => string;
}

interface Period {
  readonly epoch: EpochInfo;
  readonly sets: AdaptationSet[];
}

interface AdaptationSet {
  readonly source: EpochTrack;
  readonly media: RenditionMedia;
  readonly segments: MediaSegment[];
}

const PLAYED_BEHIND = 3;

export function renderMpd(view: BroadcastView, options: MpdOptions): string {
  const periods = periodsOf(view);
  const root: XmlAttributes = [
    ["xmlns", "urn:mpeg:dash:schema:mpd:2011"],
    ["profiles", "urn:mpeg:dash:profile:isoff-live:2011"],
    ["type", view.hasEnded ? "static" : "dynamic"],
    ["minBufferTime", duration(view.targetDuration)],
    // §5.3.1.2: no segment is longer, ever. A segment may round down to the target.
    ["maxSegmentDuration", duration(view.targetDuration + 0.5)],
    ...(view.hasEnded ? ended(view) : live(view)),
  ];
  const body = periods.map((period) => renderPeriod(period, options));
  const timing = element("UTCTiming", [
    ["schemeIdUri", "urn:mpeg:dash:utc:http-iso:2014"],
    ["value", options.timeUri],
  ]);
  const children = view.hasEnded ? body : [...body, timing];
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("MPD", root, children)}\n`;
}

function live(view: BroadcastView): XmlAttributes {
  return [
    ["availabilityStartTime", new Date(view.startedAt).toISOString()],
    ["publishTime", new Date(view.changedAt).toISOString()],
    ["minimumUpdatePeriod", duration(view.targetDuration / 2)],
    ["timeShiftBufferDepth", duration(view.windowSeconds)],
    ["suggestedPresentationDelay", duration(view.targetDuration * PLAYED_BEHIND)],
  ];
}

function ended(view: BroadcastView): XmlAttributes {
  let end = 0;
  for (const { segments } of view.renditions) {
    const last = segments.at(-1);
    if (last !== undefined) end = Math.max(end, (last.time + last.duration) / last.timescale);
  }
  return [["mediaPresentationDuration", duration(end)]];
}

function periodsOf(view: BroadcastView): Period[] {
  const periods = new Map<number, Period>();
  for (const { name, media, segments } of view.renditions) {
    for (const segment of segments) {
      if (segment.kind === "gap") continue;
      const { epoch } = segment;
      const period = periods.get(epoch.number) ?? { epoch, sets: [] };
      periods.set(epoch.number, period);
      const set = period.sets.find(({ source }) => source.rendition === name);
      if (set !== undefined) set.segments.push(segment);
      else period.sets.push({ source: sourceOf(epoch, name), media, segments: [segment] });
    }
  }
  return [...periods.values()].sort((a, b) => a.epoch.number - b.epoch.number);
}

function sourceOf(epoch: EpochInfo, name: string): EpochTrack {
  return epoch.tracks.find(({ rendition }) => rendition === name)!;
}

function renderPeriod({ epoch, sets }: Period, options: MpdOptions): string {
  return element(
    "Period",
    [
      ["id", `p${epoch.number}`],
      ["start", duration(epoch.startsAt / 1000)],
    ],
    sets.map((set) => renderSet(set, epoch, options)),
  );
}

function renderSet({ source, media, segments }: AdaptationSet, epoch: EpochInfo, options: MpdOptions): string {
  const { track } = source;
  const isVideo = track.kind === "video";
  const independent = segments.every((segment) => segment.isIndependent);
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
      renderRepresentation(source, media, [renderTemplate(source, segments, epoch, options)]),
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
      template,
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

function renderTemplate(
  { rendition, timescale }: EpochTrack,
  segments: readonly MediaSegment[],
  epoch: EpochInfo,
  options: MpdOptions,
): string {
  const base = options.baseOf(rendition);
  return element(
    "SegmentTemplate",
    [
      ["timescale", String(timescale)],
      ["presentationTimeOffset", String(Math.round((epoch.startsAt * timescale) / 1000))],
      ["initialization", `${base}${initName(epoch.number)}`],
      ["media", `${base}$Number$.m4s`],
      ["startNumber", String(segments[0]!.number)],
    ],
    [element("SegmentTimeline", [], timeline(segments))],
  );
}

/** §5.3.9.6: runs of equal durations are one element. */
function timeline(segments: readonly MediaSegment[]): string[] {
  const runs: { readonly time: number; readonly duration: number; repeat: number }[] = [];
  let next = Number.NaN;
  for (const { time, duration: ticks } of segments) {
    const last = runs.at(-1);
    if (last !== undefined && last.duration === ticks && time === next) last.repeat++;
    else runs.push({ time, duration: ticks, repeat: 0 });
    next = time + ticks;
  }
  return runs.map((run) =>
    element("S", [
      ["t", String(run.time)],
      ["d", String(run.duration)],
      ...(run.repeat > 0 ? ([["r", String(run.repeat)]] as const) : []),
    ]),
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

/** A DASH manifest as a client reads it, ISO/IEC 23009-1 §5.3. */
import { readXml, type XmlElement } from "./xml.ts";

export interface Mpd {
  readonly isDynamic: boolean;
  readonly profiles: string;
  /** Unix time. */
  readonly availabilityStartTime: number | null;
  readonly publishTime: number | null;
  /** Seconds, as all durations here. */
  readonly minimumUpdatePeriod: number | null;
  readonly timeShiftBufferDepth: number | null;
  readonly maxSegmentDuration: number | null;
  readonly minBufferTime: number | null;
  readonly mediaPresentationDuration: number | null;
  readonly utcTimings: readonly { readonly scheme: string; readonly value: string }[];
  readonly hasLatency: boolean;
  readonly periods: readonly Period[];
  readonly problems: readonly string[];
}

export interface Period {
  readonly id: string | null;
  readonly start: number | null;
  readonly sets: readonly AdaptationSet[];
}

export interface AdaptationSet {
  readonly id: string | null;
  readonly kind: "video" | "audio" | "other";
  readonly attributes: ReadonlyMap<string, string>;
  readonly isProtected: boolean;
  readonly hasProducerReferenceTime: boolean;
  readonly representations: readonly Representation[];
}

export interface Representation {
  readonly id: string | null;
  /** With those that it takes from its AdaptationSet. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly channels: string | null;
  /** Null: addressed in another way than by SegmentTemplate. */
  readonly template: Template | null;
}

export interface Template {
  readonly timescale: number;
  readonly presentationTimeOffset: number;
  /** Absolute. */
  readonly initialization: string | null;
  readonly availabilityTimeOffset: number;
  readonly isCompleteWhenAvailable: boolean;
  /** Null: no SegmentTimeline. */
  readonly segments: readonly TimelineSegment[] | null;
}

export interface TimelineSegment {
  readonly number: number;
  readonly time: number;
  readonly duration: number;
  readonly uri: string;
}

const MAX_SEGMENTS = 20_000;

/** Never throws; null: no MPD at all, or not XML. */
export function readMpd(source: string, uri: string): Mpd | string {
  const root = readXml(source);
  if (typeof root === "string") return root;
  if (root.name !== "MPD") return `the root element is ${root.name}`;
  const problems: string[] = [];
  const time = (name: string): number | null => {
    const text = root.attributes.get(name);
    if (text === undefined) return null;
    const value = Date.parse(text);
    if (Number.isNaN(value)) problems.push(`@${name} is not a time: ${text}`);
    return Number.isNaN(value) ? null : value;
  };
  const span = (element: XmlElement, name: string): number | null => {
    const text = element.attributes.get(name);
    if (text === undefined) return null;
    const value = readDuration(text);
    if (value === null) problems.push(`@${name} is not a duration: ${text}`);
    return value;
  };
  const base = baseOf(root, uri);
  const periods = named(root, "Period").map(
    (period): Period => ({
      id: period.attributes.get("id") ?? null,
      start: span(period, "start"),
      sets: named(period, "AdaptationSet").map((set) => readSet(set, period, baseOf(period, base), problems)),
    }),
  );
  if (periods.length === 0) problems.push("There is no Period");
  return {
    isDynamic: root.attributes.get("type") === "dynamic",
    profiles: root.attributes.get("profiles") ?? "",
    availabilityStartTime: time("availabilityStartTime"),
    publishTime: time("publishTime"),
    minimumUpdatePeriod: span(root, "minimumUpdatePeriod"),
    timeShiftBufferDepth: span(root, "timeShiftBufferDepth"),
    maxSegmentDuration: span(root, "maxSegmentDuration"),
    minBufferTime: span(root, "minBufferTime"),
    mediaPresentationDuration: span(root, "mediaPresentationDuration"),
    utcTimings: named(root, "UTCTiming").map(({ attributes }) => ({
      scheme: attributes.get("schemeIdUri") ?? "",
      value: attributes.get("value") ?? "",
    })),
    hasLatency: named(root, "ServiceDescription").some((each) => named(each, "Latency").length > 0),
    periods,
    problems,
  };
}

function readSet(set: XmlElement, period: XmlElement, base: string, problems: string[]): AdaptationSet {
  const own = baseOf(set, base);
  const representations = named(set, "Representation").map((representation): Representation => {
    const attributes = new Map([...set.attributes, ...representation.attributes]);
    attributes.delete("id");
    const id = representation.attributes.get("id");
    if (id === undefined) problems.push("A Representation has no @id");
    const channels = [representation, set].flatMap((each) => named(each, "AudioChannelConfiguration"))[0];
    const levels = [period, set, representation].flatMap((each) => named(each, "SegmentTemplate"));
    return {
      id: id ?? null,
      attributes,
      channels: channels?.attributes.get("value") ?? null,
      template: levels.length === 0 ? null : readTemplate(levels, baseOf(representation, own), attributes, id ?? ""),
    };
  });
  const mime = set.attributes.get("mimeType") ?? representations[0]?.attributes.get("mimeType") ?? "";
  const kind = set.attributes.get("contentType") ?? mime.split("/", 1)[0];
  return {
    id: set.attributes.get("id") ?? null,
    kind: kind === "video" || kind === "audio" ? kind : "other",
    attributes: set.attributes,
    isProtected: [set, ...named(set, "Representation")].some((each) => named(each, "ContentProtection").length > 0),
    hasProducerReferenceTime: [set, ...named(set, "Representation")].some(
      (each) => named(each, "ProducerReferenceTime").length > 0,
    ),
    representations,
  };
}

/** `levels`: the outermost first; inner ones override attributes (§5.3.9.1). */
function readTemplate(
  levels: readonly XmlElement[],
  base: string,
  representation: ReadonlyMap<string, string>,
  id: string,
): Template {
  const attributes = new Map(levels.flatMap((level) => [...level.attributes]));
  const integer = (name: string, otherwise: number): number => {
    const value = Number(attributes.get(name) ?? otherwise);
    return Number.isSafeInteger(value) ? value : otherwise;
  };
  const fill = (pattern: string, number: number, time: number): string =>
    resolve(
      pattern.replace(/\$(RepresentationID|Number|Time|Bandwidth|)(?:%0(\d{1,2})d)?\$/g, (_, name: string, width) => {
        if (name === "") return "$";
        if (name === "RepresentationID") return id;
        const value = name === "Number" ? number : name === "Time" ? time : (representation.get("bandwidth") ?? "");
        return String(value).padStart(Number(width ?? 0), "0");
      }),
      base,
    );
  const startNumber = integer("startNumber", 1);
  const media = attributes.get("media") ?? "";
  const initialization = attributes.get("initialization");
  const timeline = levels.flatMap((level) => named(level, "SegmentTimeline")).at(-1);
  const offset = attributes.get("availabilityTimeOffset");
  return {
    timescale: Math.max(1, integer("timescale", 1)),
    presentationTimeOffset: integer("presentationTimeOffset", 0),
    initialization: initialization === undefined ? null : fill(initialization, 0, 0),
    availabilityTimeOffset: offset === "INF" ? Number.POSITIVE_INFINITY : Number(offset ?? 0) || 0,
    isCompleteWhenAvailable: attributes.get("availabilityTimeComplete") !== "false",
    segments:
      timeline === undefined
        ? null
        : readTimeline(timeline).map(({ time, duration }, index) => {
            const number = startNumber + index;
            return { number, time, duration, uri: fill(media, number, time) };
          }),
  };
}

function readTimeline(timeline: XmlElement): { time: number; duration: number }[] {
  const found: { time: number; duration: number }[] = [];
  const runs = named(timeline, "S");
  let time = 0;
  for (const [index, { attributes }] of runs.entries()) {
    time = Number(attributes.get("t") ?? time);
    const duration = Number(attributes.get("d") ?? 0);
    let repeat = Number(attributes.get("r") ?? 0);
    const next = Number(runs[index + 1]?.attributes.get("t") ?? Number.NaN);
    // §5.3.9.6: up to the next S. Up to the end of the Period it can't be told here: one is taken.
    if (repeat < 0) repeat = duration > 0 && next > time ? Math.ceil((next - time) / duration) - 1 : 0;
    for (let count = 0; count <= repeat && found.length < MAX_SEGMENTS; count++) {
      found.push({ time, duration });
      time += duration;
    }
  }
  return found;
}

const named = ({ children }: XmlElement, name: string): XmlElement[] => children.filter((each) => each.name === name);

function baseOf(element: XmlElement, base: string): string {
  const own = named(element, "BaseURL")[0]?.text.trim();
  return own === undefined ? base : resolve(own, base);
}

/** As it is where it makes no URL. */
export function resolve(uri: string, base: string): string {
  return URL.parse(uri, base)?.href ?? uri;
}

/** xs:duration without years and months, in seconds. */
export function readDuration(text: string): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (match === null || text.endsWith("P") || text.endsWith("T")) return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!;
}

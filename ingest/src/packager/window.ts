import { type Milliseconds, ms, type Seconds, seconds } from "../bytes/units.ts";
import { type Bandwidth, makeBandwidth } from "./bandwidth.ts";
import { frameRate } from "./frame-rate.ts";
import { makePastLog, type PastLog, type PastSegment } from "./past-log.ts";
import type { EpochInfo, EpochTrack, GrowingSegment, MediaSegment, PackagerSink, Part, Segment } from "./segment.ts";
import { colourOf } from "./track.ts";
import {
  type BroadcastView,
  byRank,
  type GrowingView,
  type LowLatency,
  type PastView,
  type RenditionMedia,
  type RenditionView,
} from "./view.ts";

export interface WindowOptions {
  readonly startedAt: Milliseconds;
  /** Epochs are numbered on over all broadcasts, by millions; players keep arrays by discontinuity sequence number. Default 0. */
  readonly epochZero?: number;
  /** What stays listed at least, in target durations. HLS §6.2.2 wants three. */
  readonly targetDurations: number;
  /** What no other broadcast of the channel has in the names of its parts. Not given: parts are not listed. */
  readonly partPrefix?: number;
  /**
   * How far back players may go, with segments that are in a storage: `stored` tells which. Null: to the beginning. Default 0: no further than
   * what is in memory.
   */
  readonly dvrSeconds?: number | null;
}

/** The segments of a broadcast that players may ask for: those listed, and those that playlists in their hands still list. */
export interface SegmentWindow extends PackagerSink {
  /** Time for what follows; the window has no clock. */
  setTime(now: Milliseconds): void;
  end(): void;
  /** Null until every track of the first epoch has a segment. */
  readonly view: BroadcastView | null;
  segment(rendition: string, number: number): MediaSegment | null;
  part(rendition: string, index: number): Part | null;
  init(rendition: string, epoch: number): EpochTrack | null;
  /** Its bytes are in the storage: as soon as memory has no need of it, it is listed from there. */
  stored(rendition: string, number: number): void;
  /** The storage takes no more: what lies there is not listed any longer, because what comes would leave a hole. */
  dropPast(): void;
  /** After the end: whatever is stored leaves memory; parts, which no storage has, stay for `PARTS_STAY`. `at`: the time of now. */
  retire(at: Milliseconds): void;
  /** A segment that is in the storage alone, listed now or of late. */
  past(rendition: string, number: number): PastSegment | null;
  /** The oldest number that players may ask for. */
  readonly oldest: number | null;
  /** How long playlists last, and segments have to be there after the last of them. */
  readonly longestPlaylist: Seconds;
  /** Bytes of media held. */
  readonly size: number;
}

interface Rendition {
  readonly name: string;
  readonly kind: "video" | "audio";
  readonly bandwidth: Bandwidth;
  media: RenditionMedia | null;
  /** The epoch whose frame rate `media` tells. */
  ratedEpoch: number | null;
  /** Listed, oldest first, without holes in their numbers. */
  segments: Segment[];
  readonly byNumber: Map<number, MediaSegment>;
  readonly inits: Map<number, EpochTrack>;
  growing: GrowingView | null;
  /** Null until a segment has left memory for the storage. */
  log: PastLog | null;
  /** Of the segments that are listed, those that the storage has. */
  readonly stored: Set<number>;
  /** Of the segments in `byNumber`, and of the growing one. */
  readonly parts: Map<number, Part>;
  nextPart: number;
}

interface Removed {
  readonly rendition: Rendition;
  readonly segment: Segment;
  readonly until: Milliseconds;
}

const LEAST_SEGMENTS = 6;
/** After the end, in target durations: as far back as playlists list parts, and players have those of a moment before. */
export const PARTS_STAY = 3;

/** What the track itself says. */
function shapeOf({
  track,
}: EpochTrack): Pick<RenditionMedia, "codecs" | "width" | "height" | "colour" | "channels" | "sampleRate"> {
  const { codecs } = track;
  return track.kind === "video"
    ? { codecs, width: track.width, height: track.height, ...colourOf(track), channels: 0, sampleRate: 0 }
    : { codecs, width: 0, height: 0, channels: track.channels, sampleRate: track.sampleRate };
}

const has = ({ tracks }: EpochInfo, name: string): boolean => tracks.some(({ rendition }) => rendition === name);

export function makeSegmentWindow(options: WindowOptions): SegmentWindow {
  const renditions = new Map<string, Rendition>();
  let removed: Removed[] = [];
  let targetDuration = 0;
  let lowLatency: LowLatency | null = null;
  let isIndependent = true;
  let hasEnded = false;
  let endedAt = options.startedAt;
  let now = options.startedAt;
  let version = 0;
  let view: BroadcastView | null = null;
  /** Of what was in memory at once. */
  let longest = 0;
  /** The same with what is in the storage. */
  let longestListed = 0;
  let size = 0;
  const dvrSeconds = options.dvrSeconds === undefined ? 0 : options.dvrSeconds;
  /** The first number that is listed from the storage; null: none is, or will be. */
  let pastFrom: number | null = null;
  /** Of the numbers right before it: until when (Unix time) players may ask for them. */
  const trimmed: number[] = [];
  let keepsPast = dvrSeconds !== 0;

  const lengthOf = ({ duration, timescale }: Segment): number => duration / timescale;
  const total = (segments: readonly Segment[]): number => segments.reduce((sum, each) => sum + lengthOf(each), 0);
  const windowSeconds = (): number => targetDuration * options.targetDurations;

  function renditionOf(name: string, segment: GrowingSegment): Rendition {
    let rendition = renditions.get(name);
    if (rendition === undefined) {
      const kind = segment.epoch.tracks.find((track) => track.rendition === name)?.track.kind ?? "audio";
      const bandwidth = makeBandwidth();
      rendition = {
        name,
        kind,
        bandwidth,
        media: null,
        ratedEpoch: null,
        segments: [],
        byNumber: new Map(),
        inits: new Map(),
        growing: null,
        log: null,
        stored: new Set(),
        parts: new Map(),
        nextPart: 0,
      };
      renditions.set(name, rendition);
    }
    return rendition;
  }

  function describe(rendition: Rendition, segment: MediaSegment, source: EpochTrack): void {
    rendition.bandwidth.add(segment.bytes.length, lengthOf(segment));
    const { peak, average } = rendition.bandwidth;
    const common = { ...shapeOf(source), peak, average };
    if (source.track.kind === "audio") {
      rendition.media = { ...common, frameRate: 0 };
      return;
    }
    // Measured once in an epoch: the rate that is listed should not waver.
    const isKnown = rendition.ratedEpoch === segment.epoch.number && rendition.media !== null;
    const rate = isKnown ? rendition.media!.frameRate : frameRate(segment);
    rendition.ratedEpoch = segment.epoch.number;
    rendition.media = { ...common, frameRate: rate };
  }

  function add(name: string, segment: Segment): void {
    const rendition = renditionOf(name, segment);
    rendition.segments.push(segment);
    if (segment.kind === "media") {
      const source = segment.epoch.tracks.find((track) => track.rendition === name)!;
      describe(rendition, segment, source);
      rendition.inits.set(segment.epoch.number, source);
      rendition.byNumber.set(segment.number, segment);
      size += segment.bytes.length;
      if (lowLatency !== null) for (const part of segment.parts) rendition.parts.set(part.index, part);
    }
    if (rendition.growing?.number === segment.number) rendition.growing = null;
    slide();
    expire();
    refresh();
  }

  function addPart(name: string, part: Part, segment: GrowingSegment): void {
    const rendition = renditionOf(name, segment);
    const { growing } = rendition;
    const before = growing?.number === segment.number ? growing.parts : [];
    rendition.growing = { ...segment, parts: [...before, part] };
    rendition.parts.set(part.index, part);
    rendition.nextPart = part.index + 1;
    if (!rendition.inits.has(segment.epoch.number)) {
      const source = segment.epoch.tracks.find((track) => track.rendition === name)!;
      rendition.inits.set(segment.epoch.number, source);
      // Its initialization segment is listed with this part: what is said of the rendition has to be true of it from now on.
      if (rendition.media !== null) rendition.media = { ...rendition.media, ...shapeOf(source) };
    }
    refresh();
  }

  /** Removes the oldest from all renditions alike, as long as the shortest of them keeps enough. */
  function slide(least = LEAST_SEGMENTS, leastSeconds = windowSeconds()): void {
    const all = [...renditions.values()];
    for (const { segments } of all) longest = Math.max(longest, total(segments));
    for (;;) {
      const first = Math.min(...all.map(({ segments }) => segments[0]?.number ?? Number.POSITIVE_INFINITY));
      const isEnough = all.every(({ segments }) => {
        const rest = segments[0]?.number === first ? segments.slice(1) : segments;
        return rest.length >= least && total(rest) >= leastSeconds;
      });
      if (!isEnough || first === Number.POSITIVE_INFINITY) break;
      const going = all.filter(({ segments }) => segments[0]?.number === first);
      // What the storage has not got yet waits for it in memory: there is no hole in a playlist.
      if (keepsPast && !going.every(({ segments, stored }) => segments[0]!.kind === "gap" || stored.has(first))) break;
      for (const rendition of going) {
        const segment = rendition.segments.shift()!;
        rendition.stored.delete(first);
        if (keepsPast) addToPast(rendition, segment);
        // HLS §6.2.2: its own duration plus that of the longest playlist that had it.
        const until = ms(now + (lengthOf(segment) + longest) * 1000);
        removed.push({ rendition, segment, until });
      }
      if (keepsPast) pastFrom ??= first;
    }
    trim();
  }

  function addToPast(rendition: Rendition, segment: Segment): void {
    rendition.log ??= makePastLog(options.startedAt, segment.number);
    const bytes = segment.kind === "media" ? segment.bytes.length : 0;
    rendition.log.append(segment, bytes, segment.kind === "gap" || segment.isIndependent);
  }

  /** Lists no more of the past than is promised, in all renditions alike. */
  function trim(): void {
    const all = [...renditions.values()];
    if (pastFrom === null) return;
    for (const { log, segments } of all) {
      if (log !== null) longestListed = Math.max(longestListed, log.seconds(pastFrom, log.end) + total(segments));
    }
    // What has ended never changes (§6.2.1).
    if (dvrSeconds === null || hasEnded) return;
    const end = Math.max(...all.map(({ log }) => log?.end ?? 0));
    const isEnough = (from: number): boolean =>
      all.every(({ log, segments }) => (log?.seconds(from, log.end) ?? 0) + total(segments) >= dvrSeconds);
    while (pastFrom < end && isEnough(pastFrom + 1)) {
      pastFrom++;
      // As long again as a playlist: whoever has one that lists it may ask for it.
      trimmed.push(now + (targetDuration + 1 + longestListed) * 1000);
    }
    while (trimmed.length > 0 && trimmed[0]! <= now) trimmed.shift();
    for (const { log } of all) log?.dropBefore(pastFrom - trimmed.length);
  }

  function pastOf({ log }: Rendition): PastView | null {
    if (pastFrom === null || log === null || log.end <= pastFrom) return null;
    return { log, from: Math.max(pastFrom, log.first), to: log.end };
  }

  function expire(at: number = now): void {
    if (removed.length === 0 || removed[0]!.until > at) return;
    const gone = removed.filter(({ until }) => until <= at);
    removed = removed.filter(({ until }) => until > at);
    for (const { rendition, segment } of gone) {
      if (segment.kind === "media") {
        size -= segment.bytes.length;
        for (const { index } of segment.parts) rendition.parts.delete(index);
      }
      rendition.byNumber.delete(segment.number);
      const { number } = segment.epoch;
      const isUsed =
        rendition.growing?.epoch.number === number ||
        rendition.segments.some((each) => each.epoch.number === number) ||
        removed.some((each) => each.rendition === rendition && each.segment.epoch.number === number) ||
        (rendition.log?.epochs(rendition.log.first, rendition.log.end) ?? []).some(
          ({ epoch }) => epoch.number === number,
        );
      if (!isUsed) rendition.inits.delete(number);
    }
  }

  /** The epoch of what came last. */
  function newestEpoch(): EpochInfo | null {
    let newest: EpochInfo | null = null;
    for (const { segments, growing } of renditions.values()) {
      const epoch = (growing ?? segments.at(-1))?.epoch ?? null;
      if (epoch !== null && (newest === null || epoch.number > newest.number)) newest = epoch;
    }
    return newest;
  }

  function refresh(): void {
    const newest = newestEpoch();
    const shown: RenditionView[] = [];
    for (const rendition of renditions.values()) {
      const { name, kind, media, segments, growing, nextPart } = rendition;
      const past = pastOf(rendition);
      if (media === null) continue;
      const isOff = newest !== null && !has(newest, name) && newest.tracks.some(({ track }) => track.kind === kind);
      shown.push({ name, kind, isOff, media, past, segments: segments.slice(), growing, nextPart });
    }
    shown.sort(byRank);
    const first = shown[0]?.segments[0]?.epoch.tracks ?? [];
    const isReady =
      view !== null || hasEnded || first.every(({ rendition }) => shown.some(({ name }) => name === rendition));
    if (shown.length === 0 || !isReady) return;
    version++;
    view = {
      version,
      startedAt: options.startedAt,
      epochZero: options.epochZero ?? 0,
      changedAt: now,
      targetDuration,
      lowLatency,
      windowSeconds: dvrSeconds === null ? null : seconds(Math.max(dvrSeconds, windowSeconds())),
      isIndependent,
      hasEnded,
      renditions: shown,
    };
  }

  return {
    onSegment: add,
    onPart: addPart,
    onPartTarget(partTarget) {
      const { partPrefix } = options;
      if (partPrefix !== undefined) lowLatency = { partTarget, prefix: partPrefix };
    },
    onTargetDuration(value) {
      targetDuration = value;
    },
    onDependentCut() {
      isIndependent = false;
    },
    setTime(time) {
      now = ms(Math.max(now, time));
      expire();
    },
    end() {
      hasEnded = true;
      endedAt = now;
      refresh();
    },
    stored(name, number) {
      const rendition = renditions.get(name);
      if (rendition === undefined || !keepsPast || !rendition.byNumber.has(number)) return;
      rendition.stored.add(number);
    },
    dropPast() {
      keepsPast = false;
      pastFrom = null;
      // What is left has to stay no longer than what memory holds, which is all that is listed from now on.
      longestListed = 0;
      for (const { stored } of renditions.values()) stored.clear();
      slide();
      refresh();
    },
    retire(at) {
      if (!hasEnded || !keepsPast) return;
      if (lowLatency !== null && at < endedAt + PARTS_STAY * targetDuration * 1000) return;
      slide(0, 0);
      // Nobody is late any more: who asks is answered from the storage.
      expire(Number.POSITIVE_INFINITY);
      refresh();
    },
    past: (rendition, number) => renditions.get(rendition)?.log?.at(number) ?? null,
    get oldest() {
      const firsts = [...renditions.values()].flatMap(({ log, segments }) => log?.first ?? segments[0]?.number ?? []);
      return firsts.length === 0 ? null : Math.min(...firsts);
    },
    get view() {
      return view;
    },
    segment: (rendition, number) => renditions.get(rendition)?.byNumber.get(number) ?? null,
    part: (rendition, index) => renditions.get(rendition)?.parts.get(index) ?? null,
    init: (rendition, epoch) => renditions.get(rendition)?.inits.get(epoch) ?? null,
    get longestPlaylist() {
      return seconds(Math.max(longest, longestListed));
    },
    get size() {
      return size;
    },
  };
}

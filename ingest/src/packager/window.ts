import { type Milliseconds, ms, type Seconds, seconds } from "../bytes/units.ts";
import { type Bandwidth, makeBandwidth } from "./bandwidth.ts";
import { frameRate } from "./frame-rate.ts";
import type { EpochTrack, GrowingSegment, MediaSegment, PackagerSink, Part, Segment } from "./segment.ts";
import type { BroadcastView, GrowingView, LowLatency, RenditionMedia, RenditionView } from "./view.ts";

export interface WindowOptions {
  readonly startedAt: Milliseconds;
  /** What stays listed at least, in target durations. HLS §6.2.2 wants three. */
  readonly targetDurations: number;
  /** What no other broadcast of the channel has in the names of its parts. Not given: parts are not listed. */
  readonly partPrefix?: number;
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

export function makeSegmentWindow(options: WindowOptions): SegmentWindow {
  const renditions = new Map<string, Rendition>();
  let removed: Removed[] = [];
  let targetDuration = 0;
  let lowLatency: LowLatency | null = null;
  let isIndependent = true;
  let hasEnded = false;
  let now = options.startedAt;
  let version = 0;
  let view: BroadcastView | null = null;
  let longest = 0;
  let size = 0;

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
        parts: new Map(),
        nextPart: 0,
      };
      renditions.set(name, rendition);
    }
    return rendition;
  }

  function describe(rendition: Rendition, segment: MediaSegment, source: EpochTrack): void {
    const { track } = source;
    rendition.bandwidth.add(segment);
    const { peak, average } = rendition.bandwidth;
    const common = { codecs: track.codecs, peak, average };
    if (track.kind === "audio") {
      const { channels, sampleRate } = track;
      rendition.media = { ...common, width: 0, height: 0, frameRate: 0, channels, sampleRate };
      return;
    }
    const { width, height } = track;
    // Measured once in an epoch: the rate that is listed should not waver.
    const isKnown = rendition.ratedEpoch === segment.epoch.number && rendition.media !== null;
    const rate = isKnown ? rendition.media!.frameRate : frameRate(segment);
    rendition.ratedEpoch = segment.epoch.number;
    rendition.media = { ...common, width, height, frameRate: rate, channels: 0, sampleRate: 0 };
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
      rendition.inits.set(segment.epoch.number, segment.epoch.tracks.find((track) => track.rendition === name)!);
    }
    refresh();
  }

  /** Removes the oldest from all renditions alike, as long as the shortest of them keeps enough. */
  function slide(): void {
    const all = [...renditions.values()];
    for (const { segments } of all) longest = Math.max(longest, total(segments));
    for (;;) {
      const first = Math.min(...all.map(({ segments }) => segments[0]?.number ?? Number.POSITIVE_INFINITY));
      const isEnough = all.every(({ segments }) => {
        const rest = segments[0]?.number === first ? segments.slice(1) : segments;
        return rest.length >= LEAST_SEGMENTS && total(rest) >= windowSeconds();
      });
      if (!isEnough) return;
      for (const rendition of all) {
        const segment = rendition.segments[0];
        if (segment?.number !== first) continue;
        rendition.segments.shift();
        // HLS §6.2.2: its own duration plus that of the longest playlist that had it.
        const until = ms(now + (lengthOf(segment) + longest) * 1000);
        removed.push({ rendition, segment, until });
      }
    }
  }

  function expire(): void {
    if (removed.length === 0 || removed[0]!.until > now) return;
    const gone = removed.filter(({ until }) => until <= now);
    removed = removed.filter(({ until }) => until > now);
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
        removed.some((each) => each.rendition === rendition && each.segment.epoch.number === number);
      if (!isUsed) rendition.inits.delete(number);
    }
  }

  function refresh(): void {
    const shown: RenditionView[] = [];
    for (const { name, kind, media, segments, growing, nextPart } of renditions.values()) {
      if (media !== null) shown.push({ name, kind, media, segments: segments.slice(), growing, nextPart });
    }
    shown.sort((a, b) => Number(b.kind === "video") - Number(a.kind === "video"));
    const first = shown[0]?.segments[0]?.epoch.tracks ?? [];
    const isReady =
      view !== null || hasEnded || first.every(({ rendition }) => shown.some(({ name }) => name === rendition));
    if (shown.length === 0 || !isReady) return;
    version++;
    view = {
      version,
      startedAt: options.startedAt,
      changedAt: now,
      targetDuration,
      lowLatency,
      windowSeconds: seconds(windowSeconds()),
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
      refresh();
    },
    get view() {
      return view;
    },
    segment: (rendition, number) => renditions.get(rendition)?.byNumber.get(number) ?? null,
    part: (rendition, index) => renditions.get(rendition)?.parts.get(index) ?? null,
    init: (rendition, epoch) => renditions.get(rendition)?.inits.get(epoch) ?? null,
    get longestPlaylist() {
      return seconds(longest);
    },
    get size() {
      return size;
    },
  };
}

import type { Milliseconds, Seconds } from "../bytes/units.ts";
import type { Colour } from "../live/media-tag.ts";
import type { PastLog } from "./past-log.ts";
import type { GrowingSegment, Part, Segment } from "./segment.ts";

/** A broadcast as playlists show it at one moment: never changed, so that whatever is rendered from it agrees. */
export interface BroadcastView {
  /** Grows with every change. */
  readonly version: number;
  readonly startedAt: Milliseconds;
  /** Unix time of the newest change. */
  readonly changedAt: Milliseconds;
  readonly targetDuration: number;
  /** Number of the epoch that has discontinuity sequence number 0. */
  readonly epochZero: number;
  /** Null: no parts are listed, this is no low-latency broadcast. */
  readonly lowLatency: LowLatency | null;
  /** What the windows hold at least, for the whole broadcast (DASH timeShiftBufferDepth). Null: all of it. */
  readonly windowSeconds: Seconds | null;
  /** Every segment begins where a decoder can start. */
  readonly isIndependent: boolean;
  readonly hasEnded: boolean;
  /** Video first. */
  readonly renditions: readonly RenditionView[];
}

/** The encoder's own picture and sound, without what was made of them. */
export function sourceOf({ renditions }: BroadcastView): RenditionView[] {
  return renditions.filter(({ name, kind }) => name === kind);
}

/** Pictures before sound, the source before what was made of it, large before small. */
export function byRank(a: RenditionView, b: RenditionView): number {
  if (a.kind !== b.kind) return a.kind === "video" ? -1 : 1;
  const [isSource, other] = [a.name === a.kind, b.name === b.kind];
  if (isSource !== other) return isSource ? -1 : 1;
  return b.media.height - a.media.height;
}

export interface RenditionView {
  readonly name: string;
  readonly kind: "video" | "audio";
  /** It has nothing any more, while another one of its kind has: players that have its playlist go elsewhere, and others do not hear of it. */
  readonly isOff?: boolean;
  /** Newest epoch's description of the track. */
  readonly media: RenditionMedia;
  /** Listed before `segments`, and no longer in memory. Null, or not given: nothing is. */
  readonly past?: PastView | null;
  readonly segments: readonly Segment[];
  /** The segment behind the last one, as far as it has come; null while it has no part. */
  readonly growing: GrowingView | null;
  /** The index of the part that comes next, whatever segment it will belong to. */
  readonly nextPart: number;
}

/** A range of numbers of a log; `to` is not in it. The log goes on while views of it stay as they are. */
export interface PastView {
  readonly log: PastLog;
  readonly from: number;
  readonly to: number;
}

export interface GrowingView extends GrowingSegment {
  readonly parts: readonly Part[];
}

/** What is promised for the whole broadcast. */
export interface LowLatency {
  /** PART-TARGET. */
  readonly partTarget: number;
  /** In the name of every part: no other broadcast has it, so that a URI never changes its bytes. */
  readonly prefix: number;
}

/** What a multivariant playlist says of a rendition. Measured values never sink, so that a reload does not confuse players. */
export interface RenditionMedia {
  readonly codecs: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Of pictures whose encoder says. */
  readonly colour?: Colour;
  readonly channels: number;
  readonly sampleRate: number;
  /** Bits per second. */
  readonly peak: number;
  readonly average: number;
}

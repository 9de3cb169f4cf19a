import type { Milliseconds, Seconds } from "../bytes/units.ts";
import type { Segment } from "./segment.ts";

/** A broadcast as playlists show it at one moment: never changed, so that whatever is rendered from it agrees. */
export interface BroadcastView {
  /** Grows with every change. */
  readonly version: number;
  readonly startedAt: Milliseconds;
  /** Unix time of the newest change. */
  readonly changedAt: Milliseconds;
  readonly targetDuration: number;
  /** What the windows hold at least, for the whole broadcast (DASH timeShiftBufferDepth). */
  readonly windowSeconds: Seconds;
  /** Every segment begins where a decoder can start. */
  readonly isIndependent: boolean;
  readonly hasEnded: boolean;
  /** Video first. */
  readonly renditions: readonly RenditionView[];
}

export interface RenditionView {
  readonly name: string;
  readonly kind: "video" | "audio";
  /** Newest epoch's description of the track. */
  readonly media: RenditionMedia;
  readonly segments: readonly Segment[];
}

/** What a multivariant playlist says of a rendition. Measured values never sink, so that a reload does not confuse players. */
export interface RenditionMedia {
  readonly codecs: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly channels: number;
  readonly sampleRate: number;
  /** Bits per second. */
  readonly peak: number;
  readonly average: number;
}

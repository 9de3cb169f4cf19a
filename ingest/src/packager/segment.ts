import type { Milliseconds } from "../bytes/units.ts";
import type { Frame } from "./frame.ts";
import type { Track } from "./track.ts";

/** What players know of an epoch: an HLS discontinuity, a DASH Period. */
export interface EpochInfo {
  /** HLS discontinuity sequence number of its segments, and the name of its init segments. Grows by one per epoch. */
  readonly number: number;
  /** Nothing comes before it. */
  readonly isFirst: boolean;
  /** Media sequence number of its first segment, in all renditions. */
  readonly firstNumber: number;
  /** Where it begins on the broadcast's timeline. */
  readonly startsAt: Milliseconds;
  readonly tracks: readonly EpochTrack[];
}

export interface EpochTrack {
  readonly rendition: string;
  readonly track: Track;
  readonly timescale: number;
  readonly init: Uint8Array;
}

/** One CMAF chunk: what LL-HLS lists as a partial segment. */
export interface Part {
  /** Counts the parts of its rendition from the broadcast's begin on: its name, so that the next one's is known before it is there. */
  readonly index: number;
  readonly time: number;
  readonly duration: number;
  /** Begins with a sync sample. */
  readonly isIndependent: boolean;
  /** How many samples it has. */
  readonly frames: number;
  readonly bytes: Uint8Array;
}

export interface MediaSegment {
  readonly kind: "media";
  /** Media sequence number: the same in all renditions for the same time. */
  readonly number: number;
  readonly epoch: EpochInfo;
  readonly timescale: number;
  readonly time: number;
  readonly duration: number;
  readonly isIndependent: boolean;
  /** Views of `bytes`. */
  readonly parts: readonly Part[];
  readonly bytes: Uint8Array;
}

/** What is known of a segment before it ends. */
export interface GrowingSegment {
  readonly number: number;
  readonly epoch: EpochInfo;
  readonly timescale: number;
}

/** A time for which a rendition has no media while another has. */
export interface GapSegment {
  readonly kind: "gap";
  readonly number: number;
  readonly epoch: EpochInfo;
  readonly timescale: number;
  readonly time: number;
  readonly duration: number;
}

export type Segment = MediaSegment | GapSegment;

/** What the packager tells, in order. */
export interface PackagerSink {
  /** Each frame, as soon as its duration is known, before its part is. */
  onFrame?(rendition: string, frame: Frame, epoch: EpochInfo): void;
  /** A part of the segment that is growing. The segment's own `parts` have the same bytes, in other memory perhaps. */
  onPart(rendition: string, part: Part, segment: GrowingSegment): void;
  onSegment(rendition: string, segment: Segment): void;
  /** TARGETDURATION: told once, before the first segment, and true for the whole broadcast. */
  onTargetDuration(seconds: number): void;
  /** PART-TARGET: told once, before the first part. */
  onPartTarget(seconds: number): void;
  /** A segment had to be cut where no decoder can start. */
  onDependentCut(): void;
}

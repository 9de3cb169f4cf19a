import type { Milliseconds } from "../bytes/units.ts";
import type { StartPace } from "../child/start-pace.ts";
import type { Broadcast } from "../live/broadcast.ts";
import type { MediaTag } from "../live/media-tag.ts";
import type { Sample, Track } from "../packager/track.ts";
import type { SplitterOptions } from "./epoch-splitter.ts";
import type { EpochPlan, MakeRemuxer } from "./remuxer.ts";

/** Where the epochs of a broadcast go: one after the other, each whole before the next begins. */
export interface EpochSink {
  /** `startsAt`: where its zero lies, in milliseconds since the broadcast began. */
  onEpoch(tracks: readonly Track[], startsAt: Milliseconds): void;
  onSample(track: number, sample: Sample): void;
  onEpochEnd(): void;
  /**
   * The remuxer died. Takes back what nobody was shown yet, if that is exactly the epoch's media from `fromMs` on; false when
   * it can't. Called before `onEpochEnd`.
   */
  takeBack(fromMs: Milliseconds): boolean;
  /** Nothing comes after this. `failure` is null at the ordinary end of a broadcast. */
  onEnd(failure: string | null): void;
}

export interface SessionLimits {
  /** Bytes that the remuxer may be behind before frames are dropped up to the next keyframe. */
  readonly maxQueuedBytes: number;
  /** Failures in a row (none of them lived for `healthyMs`) after which packaging gives up. */
  readonly maxFailures: number;
  readonly healthyMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Children are not started more often than this. */
  readonly minEpochMs: number;
  /** The remuxer counts as stuck when it was fed this much media, and this much time has gone, since anything came out. */
  readonly stuckMs: number;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxQueuedBytes: 8 * 1024 * 1024,
  maxFailures: 6,
  healthyMs: 10_000,
  backoffMs: 100,
  maxBackoffMs: 4_000,
  minEpochMs: 250,
  stuckMs: 10_000,
};

export interface RemuxSessionOptions {
  readonly broadcast: Broadcast;
  readonly makeRemuxer: MakeRemuxer;
  /** Why a tag can't be remuxed here, for the streamer; null when it can. */
  readonly whyNot: (tag: MediaTag) => string | null;
  /** Where an epoch's remuxer waits for its turn to start; null, the default: it doesn't. */
  readonly paceOf?: (plan: EpochPlan) => StartPace | null;
  readonly sink: EpochSink;
  readonly now: () => Milliseconds;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly limits?: Partial<SessionLimits>;
  readonly splitter?: SplitterOptions;
}

export interface RemuxCounters {
  epochs: number;
  restarts: number;
  overflows: number;
  droppedTags: number;
}

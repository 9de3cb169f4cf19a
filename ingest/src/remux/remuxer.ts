import type { Milliseconds } from "../bytes/units.ts";
import type { MediaTag } from "../live/media-tag.ts";
import type { Sample, Track } from "../packager/track.ts";

/** What one epoch begins with: constant decoder configurations, and a moment of the publisher's clock that becomes zero. */
export interface EpochPlan {
  /** The tracks, one tag each: its decoder configuration, or its first frame where the codec has none (MP3, AC-3). Video first, then a multitrack publisher's other pictures. */
  readonly heads: readonly MediaTag[];
  /** What the publisher tells of its pictures' colours beside them: `colorInfo` tags, one for each track that has one. */
  readonly colours?: readonly MediaTag[];
  /** The publisher's timestamp of the first frame. Sample times count from here. */
  readonly base: Milliseconds;
}

export type RemuxEnd =
  | { readonly kind: "drained" }
  | { readonly kind: "failed"; readonly reason: string; readonly diagnosis: string };

/** Calls are synchronous, in decode order per track. After `onEnd` there are no more. */
export interface RemuxSink {
  /** Once, before the first sample. */
  onTracks(tracks: readonly Track[]): void;
  /** `track`: index into the tracks of `onTracks`. */
  onSample(track: number, sample: Sample): void;
  /** It would rather have the next keyframe begin another epoch, whose remuxer may do it otherwise. */
  onRenew?(): void;
  onEnd(end: RemuxEnd): void;
}

/** FLV tags of one epoch in, tracks and samples out. ffmpeg today; an in-process one stands behind the same contract. */
export interface Remuxer {
  /** Takes a frame of the epoch. Never blocks: what can't be passed on at once is queued, see `queuedBytes`. */
  push(tag: MediaTag): void;
  readonly queuedBytes: number;
  /** No more frames: everything still inside comes out, then `onEnd`. */
  end(): void;
  /** Gives up at once. `onEnd` still comes, as `failed`. */
  kill(reason: string): void;
}

/** `failures`: how many in a row went before it. Throws when it can't start. */
export type MakeRemuxer = (plan: EpochPlan, sink: RemuxSink, failures: number) => Remuxer;

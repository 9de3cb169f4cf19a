import type { VideoConfig } from "../flv/video-config.ts";
import type { LatencyProfile } from "../live/latency.ts";
import type { Codec } from "../live/media-tag.ts";
import type { Announced } from "./announced.ts";

/** What was counted from one sample to the next. Times in milliseconds. */
export interface Second {
  /** Of the wall's clock. */
  readonly length: number;
  readonly bytes: number;
  readonly frames: number;
  readonly audio: number;
  /** How far the media's own clock moved. */
  readonly media: number;
  /** How far that of the video moved. */
  readonly videoMedia: number;
  /** How far audio moved where it has no gap, and in how many frames. */
  readonly steadyAudio: number;
  readonly steadyFrames: number;
  readonly gaps: number;
  readonly longestGap: number;
  readonly jumps: number;
  /** Video's last timestamp minus audio's. */
  readonly skew: number | null;
}

/** From one keyframe to the next. */
export interface Gop {
  /** In samples since it ended. */
  readonly age: number;
  readonly interval: number;
  readonly frames: number;
}

export interface Observed {
  /** The last seconds, the newest last. */
  readonly seconds: readonly Second[];
  /** Since the publisher came. */
  readonly age: number;
  /** Null: it is there. */
  readonly awayFor: number | null;
  readonly latency: LatencyProfile;
  /** Those that ended within these seconds. */
  readonly gops: readonly Gop[];
  /** Since the last keyframe; null: none has come. */
  readonly openGop: number | null;
  /** The usual distance of pictures. */
  readonly frameMs: number | null;
  /** B-frames in a row. */
  readonly depth: number;
  readonly announced: Announced;
  readonly video: Codec | null;
  readonly sound: Codec | null;
  readonly config: VideoConfig | null;
  readonly aacFrameMs: number | null;
}

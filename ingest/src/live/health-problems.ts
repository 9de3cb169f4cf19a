/** What is wrong with a broadcast, in sentences that say what to change. B-frames are fine: nothing here speaks of them. */
import type { Codec } from "./media-tag.ts";

export type ProblemCode =
  | "no-data"
  | "no-video"
  | "no-audio"
  | "keyframe-interval"
  | "bitrate-unstable"
  | "frame-rate"
  | "video-codec"
  | "audio-codec";

export interface StreamProblem {
  readonly code: ProblemCode;
  readonly detail: string;
}

/** What was counted from one sample to the next. */
export interface Second {
  /** Wall-clock milliseconds. */
  readonly length: number;
  readonly bytes: number;
  readonly frames: number;
  readonly audio: number;
  /** How far the media's own clock moved. */
  readonly media: number;
}

export interface Observed {
  /** The last seconds, the newest last. */
  readonly seconds: readonly Second[];
  /** Milliseconds since the broadcast began. */
  readonly age: number;
  /** Milliseconds. */
  readonly keyframeInterval: number | null;
  readonly announcedFps: number | null;
  readonly video: Codec | null;
  readonly sound: Codec | null;
}

/** Nothing is said about what may only be late. */
const SETTLED = 5_000;
const SILENT_SECONDS = 3;
export const MAX_KEYFRAME_INTERVAL = 4_000;
/** A second in which the media's clock moved less than half of one is a stall: bytes alone rise and fall with the picture. */
const STALLED = 0.5;
const STALLS = 3;
const ENOUGH_FPS = 0.8;
const FULL_WINDOW = 10;

export function problemsOf(seen: Observed): readonly StreamProblem[] {
  const problems: StreamProblem[] = [];
  const say = (code: ProblemCode, detail: string) => problems.push({ code, detail });
  const { seconds, keyframeInterval, announcedFps } = seen;
  const recent = seconds.slice(-SILENT_SECONDS);
  const none = (key: "bytes" | "frames" | "audio") => recent.every((second) => second[key] === 0);
  if (seen.age >= SETTLED && recent.length === SILENT_SECONDS) {
    if (none("bytes")) say("no-data", "Nothing arrives: the encoder or its connection has stopped.");
    else {
      if (none("frames")) say("no-video", "No video arrives: check the encoder's sources.");
      if (none("audio")) say("no-audio", "No audio arrives: some players and devices need a sound track.");
    }
  }
  if (keyframeInterval !== null && keyframeInterval > MAX_KEYFRAME_INTERVAL)
    say(
      "keyframe-interval",
      `A keyframe comes every ${(keyframeInterval / 1_000).toFixed(1)} s: set the keyframe interval to 2 s, viewers wait for each.`,
    );
  const stalls = seconds.filter(({ media, length }) => media < length * STALLED).length;
  if (stalls >= STALLS && !none("bytes"))
    say("bitrate-unstable", "Media arrives with gaps: lower the bitrate, or use a steadier connection.");
  if (announcedFps !== null && seconds.length === FULL_WINDOW && !none("frames")) {
    const total = (key: "frames" | "length") => seconds.reduce((sum, second) => sum + second[key], 0);
    const fps = (total("frames") * 1_000) / total("length");
    if (fps < announcedFps * ENOUGH_FPS)
      say(
        "frame-rate",
        `${fps.toFixed(0)} of ${announcedFps.toFixed(0)} pictures arrive a second: the encoder or the connection is overloaded.`,
      );
  }
  if (seen.video !== null && seen.video !== "avc1")
    say("video-codec", "Not every browser plays this video codec: H.264 is safe.");
  if (seen.sound !== null && seen.sound !== "mp4a")
    say("audio-codec", "Not every browser plays this audio codec: AAC is safe.");
  return problems;
}

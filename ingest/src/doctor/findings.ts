/** What is wrong with a broadcast, each with a stable code, what was measured, and what to change. */
import { neededLevel } from "./avc-level.ts";
import type { Gop, Observed, Second } from "./observed.ts";

export type FindingCode =
  | "publisher-away"
  | "no-data"
  | "no-video"
  | "no-audio"
  | "keyframe-interval"
  | "keyframe-latency"
  | "keyframe-spread"
  | "frames-dropped"
  | "frame-rate"
  | "bitrate-unstable"
  | "not-real-time"
  | "bitrate-above"
  | "bitrate-below"
  | "b-frames"
  | "audio-gap"
  | "audio-drift"
  | "av-skew"
  | "timestamp-jump"
  | "video-codec"
  | "audio-codec"
  | "video-profile"
  | "video-level"
  | "interlaced";

export type Severity = "info" | "warning" | "error";

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What was measured, by name: units are in the names. */
  readonly values: Readonly<Record<string, number>>;
  /** One English sentence. */
  readonly detail: string;
  /** What to change, in OBS's words; null where no setting helps. */
  readonly fix: string | null;
}

/** Nothing is said about what may only be late. */
const SETTLED = 5_000;
const SILENT_SECONDS = 3;
export const MAX_KEYFRAME_INTERVAL = 4_000;
const HOPELESS_KEYFRAME_INTERVAL = 10_000;
/** For parts of 0.2 s: who joins begins at a keyframe. */
const MAX_ULTRA_INTERVAL = 2_200;
const SPREAD = 500;
const SPREAD_SHARE = 0.2;
const SPREAD_GOPS = 4;
/** A second in which the media's clock moved less than half of one is a stall: bytes alone rise and fall with the picture. */
const STALLED = 0.5;
const STALLS = 3;
const REAL_TIME = 0.93;
const ENOUGH_FPS = 0.8;
const STARVED = 0.85;
const ABOVE = 1.5;
const BELOW = 0.5;
const STEADY_AUDIO = 20_000;
const DRIFT = 0.01;
const SKEW = 1_000;
const WINDOW = 10;

/** Pictures that a GOP of this length lacks; 0 where that may be rounding. */
export function missingOf({ interval, frames }: Gop, frameMs: number): number {
  const expected = interval / frameMs;
  return frames < expected * STARVED - 1 ? Math.round(expected - frames) : 0;
}

const sum = (seconds: readonly Second[], key: Exclude<keyof Second, "skew">): number =>
  seconds.reduce((total, second) => total + second[key], 0);
const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Those after the one in which media began. */
function whole(seconds: readonly Second[]): readonly Second[] {
  const first = seconds.findIndex(({ media }) => media > 0);
  return first < 0 ? [] : seconds.slice(first + 1);
}

type Say = (
  severity: Severity,
  code: FindingCode,
  values: Readonly<Record<string, number>>,
  detail: string,
  fix?: string,
) => void;

export function findingsOf(seen: Observed): readonly Finding[] {
  const findings: Finding[] = [];
  const say: Say = (severity, code, values, detail, fix) =>
    findings.push({ code, severity, values, detail, fix: fix ?? null });
  if (seen.awayFor !== null) {
    const seconds = Math.round(seen.awayFor / 1_000);
    say(
      "warning",
      "publisher-away",
      { seconds },
      "The encoder has lost its connection: viewers wait for it to come back.",
    );
    return findings;
  }
  const recent = seen.seconds.slice(-SILENT_SECONDS);
  const isSilent = (key: "bytes" | "frames" | "audio") =>
    seen.age >= SETTLED && recent.length === SILENT_SECONDS && recent.every((second) => second[key] === 0);
  if (isSilent("bytes")) {
    say("error", "no-data", {}, "Nothing arrives: the encoder or its connection has stopped.");
  } else {
    if (isSilent("frames"))
      say(
        "error",
        "no-video",
        {},
        "No video arrives.",
        "OBS: Sources: one that shows a picture; Settings > Output > Video Encoder: one that this machine has.",
      );
    if (isSilent("audio")) {
      const detail = "No audio arrives: some players and devices need a sound track.";
      say("warning", "no-audio", {}, detail, "OBS: Settings > Audio > Global Audio Devices > Desktop Audio: Default.");
    }
    clock(seen, say);
    sound(seen, say);
  }
  keyframes(seen, say);
  pictures(seen, say, isSilent("frames"));
  if (!isSilent("frames")) bitrate(seen, say);
  codecs(seen, say);
  return findings;
}

function clock({ seconds }: Observed, say: Say): void {
  const jumps = sum(seconds, "jumps");
  if (jumps > 0)
    say(
      "warning",
      "timestamp-jump",
      { jumps },
      `The encoder's clock has jumped ${jumps === 1 ? "once" : `${jumps} times`} in the last half minute: players stop for a moment at each.`,
    );
  const window = whole(seconds).slice(-WINDOW);
  if (window.length < WINDOW) return;
  const share = sum(window, "media") / sum(window, "length");
  const isArriving = seconds.slice(-SILENT_SECONDS).every(({ bytes }) => bytes > 0);
  const stalls = window.filter(({ media, length }) => media < length * STALLED).length;
  if (share < REAL_TIME && stalls < WINDOW && isArriving && sum(window, "jumps") === 0)
    say(
      "error",
      "not-real-time",
      { speed: round(share, 2) },
      `Media arrives at ${round(share, 2)} times the speed at which it plays: the encoder or the connection can't keep up.`,
      "OBS: Settings > Output > Video Bitrate lower, and Settings > Video > Output Resolution smaller.",
    );
  else if (stalls >= STALLS)
    say(
      "warning",
      "bitrate-unstable",
      { stalls },
      `Media arrived with gaps in ${stalls} of the last ${WINDOW} seconds: the connection is not steady.`,
      "OBS: Settings > Output > Video Bitrate lower, or Settings > Advanced > Dynamically change bitrate to manage congestion on.",
    );
}

function sound({ seconds, aacFrameMs }: Observed, say: Say): void {
  const gaps = sum(seconds, "gaps");
  if (gaps > 0) {
    const longestMs = Math.round(Math.max(...seconds.map(({ longestGap }) => longestGap)));
    const detail = `The sound has ${gaps} ${gaps === 1 ? "gap" : "gaps"} of up to ${round(longestMs / 1_000)} s in the last half minute.`;
    say(
      "warning",
      "audio-gap",
      { gaps, longestMs },
      detail,
      "OBS: Settings > Audio: remove the device that drops out.",
    );
  }
  const steady = sum(seconds, "steadyAudio");
  if (aacFrameMs !== null && steady >= STEADY_AUDIO) {
    const drift = steady / (sum(seconds, "steadyFrames") * aacFrameMs) - 1;
    if (Math.abs(drift) > DRIFT)
      say(
        "warning",
        "audio-drift",
        { percent: round(drift * 100) },
        `The sound's clock is ${round(Math.abs(drift) * 100)} % ${drift > 0 ? "slower" : "faster"} than its samples: sound and picture drift apart.`,
        "OBS: Settings > Audio > Sample Rate: the same as that of the devices, such as 48 kHz.",
      );
  }
  const skews = seconds
    .slice(-WINDOW)
    .filter(({ frames, audio }) => frames > 0 && audio > 0)
    .flatMap(({ skew }) => (skew === null ? [] : [skew]))
    .sort((a, b) => a - b);
  const skew = skews.length === WINDOW ? skews[WINDOW / 2]! : 0;
  if (Math.abs(skew) > SKEW)
    say(
      "warning",
      "av-skew",
      { skewMs: skew },
      `${skew > 0 ? "Sound" : "Picture"} arrives ${round(Math.abs(skew) / 1_000)} s behind ${skew > 0 ? "the picture" : "the sound"}: players have to wait for it.`,
      "OBS: Edit > Advanced Audio Properties > Sync Offset: 0 ms.",
    );
}

function keyframes({ gops, openGop, latency }: Observed, say: Say): void {
  const intervals = gops.map(({ interval }) => interval);
  const longest = Math.max(openGop ?? 0, ...intervals);
  const [last, newest] = [intervals.at(-1) ?? 0, Math.max(intervals.at(-1) ?? 0, openGop ?? 0)];
  const isUltra = latency === "ultra";
  const fix = `OBS: Settings > Output > Keyframe Interval: ${isUltra ? 1 : 2} s.`;
  const values = { seconds: round(newest / 1_000, 2) };
  if (newest > MAX_KEYFRAME_INTERVAL)
    say(
      newest > HOPELESS_KEYFRAME_INTERVAL ? "error" : "warning",
      "keyframe-interval",
      values,
      `A keyframe comes every ${round(newest / 1_000)} s only: viewers wait for each.`,
      fix,
    );
  else if (isUltra && last > MAX_ULTRA_INTERVAL)
    say(
      "info",
      "keyframe-latency",
      values,
      `A keyframe comes every ${round(last / 1_000)} s: for the lowest latency viewers should wait for at most 1 s.`,
      fix,
    );
  if (intervals.length < SPREAD_GOPS || longest > MAX_KEYFRAME_INTERVAL) return;
  const [least, most] = [Math.min(...intervals), Math.max(...intervals)];
  if (most - least <= Math.max(SPREAD, most * SPREAD_SHARE)) return;
  say(
    "info",
    "keyframe-spread",
    { leastSeconds: round(least / 1_000, 2), mostSeconds: round(most / 1_000, 2) },
    `Keyframes come at uneven times, ${round(least / 1_000)} to ${round(most / 1_000)} s apart: segments are uneven with them.`,
    "OBS: Settings > Output > Keyframe Interval: 2 s; x264 Options: scenecut=0.",
  );
}

function pictures(seen: Observed, say: Say, isSilent: boolean): void {
  const { frameMs, announced, gops, latency, depth } = seen;
  if (frameMs === null || isSilent) return;
  const fps = 1_000 / frameMs;
  if (announced.fps !== null && fps < announced.fps * ENOUGH_FPS)
    say(
      "warning",
      "frame-rate",
      { fps: round(fps), announcedFps: round(announced.fps) },
      `${round(fps, 0)} of ${round(announced.fps, 0)} pictures come a second: the encoder is overloaded.`,
      "OBS: Settings > Output > CPU Usage Preset: a faster one, or Settings > Video > Common FPS Values: a lower one.",
    );
  const missing = gops.reduce((total, gop) => total + missingOf(gop, frameMs), 0);
  if (missing > 0) {
    const all = gops.reduce((total, gop) => total + gop.interval, 0) / frameMs;
    const percent = round((100 * missing) / all);
    say(
      "warning",
      "frames-dropped",
      { frames: missing, percent },
      `${missing} pictures of the last half minute (${percent} %) were dropped on the way: the connection is too slow for the bitrate.`,
      "OBS: Settings > Output > Video Bitrate lower, or Settings > Advanced > Dynamically change bitrate to manage congestion on.",
    );
  }
  if (latency === "ultra" && depth > 0)
    say(
      "info",
      "b-frames",
      { depth, delayMs: Math.round(depth * frameMs) },
      `${depth} B-frames in a row cost ${Math.round(depth * frameMs)} ms of latency.`,
      "OBS: Settings > Output > Tune: zerolatency, or Max B-frames: 0.",
    );
}

function bitrate({ announced: { videoKbps, audioKbps }, ...seen }: Observed, say: Say): void {
  const seconds = whole(seen.seconds);
  if (videoKbps === null || seconds.length < WINDOW) return;
  const kbpsOf = (some: readonly Second[]) => (sum(some, "bytes") * 8) / sum(some, "length");
  const announcedKbps = Math.round(videoKbps + (audioKbps ?? 0));
  const [lately, longer] = [kbpsOf(seconds.slice(-WINDOW)), kbpsOf(seconds)];
  const values = { kbps: Math.round(longer), announcedKbps };
  if (lately > announcedKbps * ABOVE && longer > announcedKbps * ABOVE)
    say(
      "warning",
      "bitrate-above",
      values,
      `${values.kbps} kbit/s arrive, ${announcedKbps} are announced: viewers whose line has just enough for that have to wait.`,
      "OBS: Settings > Output > Rate Control: CBR.",
    );
  if (lately < announcedKbps * BELOW && longer < announcedKbps * BELOW)
    say(
      "info",
      "bitrate-below",
      values,
      `${values.kbps} kbit/s arrive of ${announcedKbps} that are announced: a still picture, or a bitrate that was lowered on the way.`,
      "OBS: Settings > Output > Rate Control: CBR; if pictures are dropped, Video Bitrate lower.",
    );
}

function codecs({ video, sound, config, frameMs }: Observed, say: Say): void {
  const CODEC = "OBS: Settings > Output > Video Encoder: x264, or another one for H.264.";
  if (video !== null && video !== "avc1")
    say("warning", "video-codec", {}, "Not every browser plays this video codec: H.264 is safe.", CODEC);
  if (sound !== null && sound !== "mp4a")
    say(
      "warning",
      "audio-codec",
      {},
      "Not every browser plays this audio codec: AAC is safe.",
      "OBS: Settings > Output > Audio Encoder: AAC.",
    );
  if (video !== "avc1" || config === null) return;
  const { profile, level, chroma, bitDepth, isInterlaced, width, height } = config;
  if (chroma !== 1 || bitDepth !== 8)
    say(
      "error",
      "video-profile",
      { profile, bitDepth, chroma },
      "Browsers play no H.264 with this colour format: 4:2:0 with 8 bits is what they know.",
      "OBS: Settings > Advanced > Color Format: NV12; Settings > Output > Profile: high.",
    );
  if (isInterlaced)
    say(
      "warning",
      "interlaced",
      {},
      "The picture is interlaced: moving edges look like combs on screens of today.",
      "OBS: Deinterlacing in the context menu of the source; x264 Options without interlaced.",
    );
  const needed = frameMs === null ? null : neededLevel(config, 1_000 / frameMs);
  if (needed !== null)
    say(
      "warning",
      "video-level",
      { level, neededLevel: needed, width, height },
      `The video says level ${level}, its size and rate need ${needed}: decoders that believe it fail.`,
      `OBS: Settings > Output > x264 Options: level=${needed}, or remove level= from them.`,
    );
}

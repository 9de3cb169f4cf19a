/**
 * How a broadcast is, as its owner wants to know it: what arrives, and what is wrong with it. A sink that counts; the sums are done
 * once a second, when somebody asks.
 */
import type { Milliseconds } from "../bytes/units.ts";
import { readCompositionTime } from "../flv/video.ts";
import { readVideoConfig, type VideoConfig } from "../flv/video-config.ts";
import type { BroadcastSink } from "../live/broadcast.ts";
import type { LatencyProfile } from "../live/latency.ts";
import type { Codec, MediaTag } from "../live/media-tag.ts";
import { aacFrameMs } from "./aac-frame.ts";
import { type Announced, NOTHING_ANNOUNCED, readAnnounced } from "./announced.ts";
import { type Finding, findingsOf, missingOf } from "./findings.ts";
import { FrameTiming } from "./frame-timing.ts";
import type { Gop, Second } from "./observed.ts";

export interface HealthSample {
  readonly bitrateKbps: number;
  /** By decode times. */
  readonly fps: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  /** Between the last two keyframes; while only one has come, the time since it, once that says more than nothing. */
  readonly keyframeIntervalSeconds: number | null;
  /** Pictures that are not there where their time is: of the GOPs that ended in this second. */
  readonly missingFrames: number;
  /** How far video is ahead of audio as they arrive, in milliseconds. */
  readonly skewMs: number | null;
  readonly problems: readonly Finding[];
}

/** What is looked at. */
const KEPT_SECONDS = 30;
const KEPT_GOPS = 128;
const FPS_SECONDS = 5;
/** Encoders that begin anew, change a source or lose their clock jump; no picture and no sound lasts so long. */
const JUMP = 3_000;
const BACK = 1_000;
/** AAC frames last 21 to 64 ms. */
const GAP = 250;
/** FLV's own codec numbers and odd FourCCs are "other". */
const NAMES: Readonly<Partial<Record<Codec, string>>> = {
  avc1: "H.264",
  hvc1: "H.265",
  av01: "AV1",
  vp09: "VP9",
  mp4a: "AAC",
  ".mp3": "MP3",
  Opus: "Opus",
  fLaC: "FLAC",
  "ac-3": "AC-3",
  "ec-3": "E-AC-3",
};
const nameOf = (codec: Codec | null): string | null => (codec === null ? null : (NAMES[codec] ?? "other"));

/** What has been counted since the last sample. */
interface Counts {
  bytes: number;
  frames: number;
  audio: number;
  media: number;
  videoMedia: number;
  steadyAudio: number;
  steadyFrames: number;
  gaps: number;
  longestGap: number;
  jumps: number;
}

const zero = (): Counts => ({
  bytes: 0,
  frames: 0,
  audio: 0,
  media: 0,
  videoMedia: 0,
  steadyAudio: 0,
  steadyFrames: 0,
  gaps: 0,
  longestGap: 0,
  jumps: 0,
});

export class StreamHealth implements BroadcastSink {
  readonly keepsNothing = true;
  private counts = zero();
  private timing = new FrameTiming();
  private newest = Number.NaN;
  private lastVideo = Number.NaN;
  private lastAudio = Number.NaN;
  private keyframe = Number.NaN;
  private interval = Number.NaN;
  private framesOfGop = 0;
  private hadFrames = false;
  private video: Codec | null = null;
  private sound: Codec | null = null;
  private config: VideoConfig | null = null;
  private aacFrame: number | null = null;
  private announced: Announced = NOTHING_ANNOUNCED;
  private seconds: Second[] = [];
  private gops: Gop[] = [];
  private isAway = false;
  private awaySince: number | null = null;
  private isBack = false;
  private since: number;
  private last: number;

  /** `startedAt`: Unix time of the publish. */
  constructor(
    startedAt: Milliseconds,
    private readonly latency: LatencyProfile = "standard",
  ) {
    this.since = startedAt;
    this.last = startedAt;
  }

  /** Called for every message: it only counts. */
  onTag(tag: MediaTag): void {
    if (this.isAway) this.comeBack();
    this.counts.bytes += tag.payload.length;
    if (tag.kind === "script") this.announced = readAnnounced(tag.payload) ?? this.announced;
    else if (tag.isConfig) this.readConfig(tag);
    else if (!tag.isControl && tag.trackId === 0) {
      if (tag.kind === "audio") this.onAudio(tag);
      else this.onVideo(tag);
    }
  }

  /** The publisher is gone; it may come back. */
  onAway(): void {
    this.isAway = true;
  }

  onEnd(): void {}

  private onAudio({ timestamp, codec }: MediaTag): void {
    const { counts } = this;
    this.sound = codec;
    counts.audio++;
    this.advance(timestamp, this.lastAudio);
    const delta = timestamp - this.lastAudio;
    this.lastAudio = timestamp;
    if (delta <= GAP) {
      counts.steadyAudio += delta;
      counts.steadyFrames++;
    } else if (delta > GAP) {
      counts.gaps++;
      if (delta > counts.longestGap) counts.longestGap = delta;
    }
  }

  private onVideo({ timestamp, codec, isKeyframe, payload }: MediaTag): void {
    const { counts } = this;
    this.video = codec;
    this.hadFrames = true;
    counts.frames++;
    this.advance(timestamp, this.lastVideo);
    const delta = timestamp - this.lastVideo;
    this.lastVideo = timestamp;
    if (delta > 0) counts.videoMedia += delta;
    this.timing.add(timestamp, readCompositionTime(payload), isKeyframe);
    if (isKeyframe) {
      const interval = timestamp - this.keyframe;
      if (interval > 0) {
        this.interval = interval;
        if (this.gops.length < KEPT_GOPS) this.gops.push({ age: 0, interval, frames: this.framesOfGop });
      }
      this.keyframe = timestamp;
      this.framesOfGop = 0;
    }
    this.framesOfGop++;
  }

  /** Moves the media's clock. `before`: the last timestamp of the same track. */
  private advance(timestamp: number, before: number): void {
    const ahead = timestamp - this.newest;
    if (ahead > JUMP || timestamp < before - BACK) {
      this.counts.jumps++;
      this.lastVideo = Number.NaN;
      this.lastAudio = Number.NaN;
      this.keyframe = Number.NaN;
      this.timing.jump();
      this.newest = timestamp;
    } else if (ahead > 0) {
      this.counts.media += ahead;
      this.newest = timestamp;
    } else if (Number.isNaN(ahead)) this.newest = timestamp;
  }

  /** Another encoder, or the same one begun anew. */
  private comeBack(): void {
    this.isAway = false;
    this.isBack = true;
    this.awaySince = null;
    this.counts = zero();
    this.timing = new FrameTiming();
    this.newest = Number.NaN;
    this.lastVideo = Number.NaN;
    this.lastAudio = Number.NaN;
    this.keyframe = Number.NaN;
    this.interval = Number.NaN;
    this.announced = NOTHING_ANNOUNCED;
    this.config = null;
    this.video = null;
    this.sound = null;
    this.seconds = [];
    this.gops = [];
  }

  private readConfig({ kind, codec, payload, trackId }: MediaTag): void {
    if (trackId !== 0) return;
    if (kind === "audio") {
      this.sound = codec;
      this.aacFrame = codec === "mp4a" ? aacFrameMs(payload) : null;
    } else {
      this.video = codec;
      this.config = readVideoConfig(payload, codec);
    }
  }

  /** `now`: the clock of `startedAt`. Counts from the last call on. */
  sample(now: Milliseconds): HealthSample {
    if (this.isBack) {
      this.isBack = false;
      this.since = this.last;
    }
    if (this.isAway) this.awaySince ??= now;
    const skew = this.lastVideo - this.lastAudio;
    const skewMs = Number.isNaN(skew) ? null : Math.round(skew);
    const second: Second = { ...this.counts, length: Math.max(1, now - this.last), skew: skewMs };
    this.counts = zero();
    this.last = now;
    this.seconds.push(second);
    if (this.seconds.length > KEPT_SECONDS) this.seconds.shift();
    const fresh = this.gops.filter(({ age }) => age === 0);
    this.gops = this.gops.map((gop) => ({ ...gop, age: gop.age + 1 })).filter(({ age }) => age <= KEPT_SECONDS);
    const frameMs = this.timing.usual;
    // An encoder that sends one keyframe and no other has no interval, only a growing one.
    const since = this.newest - this.keyframe;
    const isKnown = !Number.isNaN(this.interval);
    const interval = isKnown && !(since > this.interval) ? this.interval : since;
    const isTelling = isKnown || since >= 4_000;
    const { width, height } = this.config ?? this.announced;
    return {
      bitrateKbps: Math.round((second.bytes * 8) / second.length),
      fps: this.fps(),
      width: this.video === null ? null : width,
      height: this.video === null ? null : height,
      videoCodec: nameOf(this.video),
      audioCodec: nameOf(this.sound),
      keyframeIntervalSeconds: isTelling && interval >= 0 ? Number((interval / 1_000).toFixed(2)) : null,
      missingFrames: frameMs === null ? 0 : fresh.reduce((sum, gop) => sum + missingOf(gop, frameMs), 0),
      skewMs,
      problems: findingsOf({
        seconds: this.seconds,
        age: now - this.since,
        awayFor: this.awaySince === null ? null : now - this.awaySince,
        latency: this.latency,
        gops: this.gops,
        openGop: Number.isNaN(since) ? null : since,
        frameMs,
        depth: this.timing.depth,
        announced: this.announced,
        video: this.video,
        sound: this.sound,
        config: this.config,
        aacFrameMs: this.aacFrame,
      }),
    };
  }

  private fps(): number | null {
    if (!this.hadFrames) return null;
    const recent = this.seconds.slice(-FPS_SECONDS);
    const frames = recent.reduce((sum, second) => sum + second.frames, 0);
    const media = recent.reduce((sum, second) => sum + second.videoMedia, 0);
    return media === 0 ? 0 : Number(((frames * 1_000) / media).toFixed(1));
  }
}

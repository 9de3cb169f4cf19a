/**
 * How a broadcast is, as its owner wants to know it: what arrives, and what is wrong with it. A sink that counts; the sums are done
 * once a second, when somebody asks.
 */
import type { Milliseconds } from "../bytes/units.ts";
import { avcPictureSize, type PictureSize } from "../flv/avc-size.ts";
import { isMetadata } from "../flv/script.ts";
import { readVideoHeader } from "../flv/video.ts";
import { decodeAmf0 } from "../rtmp/amf0/decode.ts";
import { type AmfValue, amfProperty } from "../rtmp/amf0/value.ts";
import type { BroadcastSink } from "./broadcast.ts";
import { problemsOf, type Second, type StreamProblem } from "./health-problems.ts";
import type { Codec, MediaTag } from "./media-tag.ts";

export interface HealthSample {
  readonly bitrateKbps: number;
  readonly fps: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly videoCodec: string | null;
  readonly audioCodec: string | null;
  /** Between the last two keyframes; while only one has come, the time since it, once that says more than nothing. */
  readonly keyframeIntervalSeconds: number | null;
  readonly problems: readonly StreamProblem[];
}

const KEPT_SECONDS = 10;
const FPS_SECONDS = 5;
const AMF_LIMITS = { maxAmfDepth: 8, maxAmfValues: 256 };
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

export class StreamHealth implements BroadcastSink {
  readonly keepsNothing = true;
  private bytes = 0;
  private frames = 0;
  private audio = 0;
  private newest = Number.NaN;
  private keyframe = Number.NaN;
  private interval = Number.NaN;
  private video: Codec | null = null;
  private sound: Codec | null = null;
  private size: PictureSize | null = null;
  private announced: { fps: number | null; size: PictureSize | null } = { fps: null, size: null };
  private readonly seconds: Second[] = [];
  private last: { at: number; bytes: number; frames: number; audio: number; newest: number };

  constructor(private readonly startedAt: Milliseconds) {
    this.last = { at: startedAt, bytes: 0, frames: 0, audio: 0, newest: Number.NaN };
  }

  /** Called for every message: it only counts. */
  onTag(tag: MediaTag): void {
    this.bytes += tag.payload.length;
    if (tag.kind === "script") this.readMetadata(tag.payload);
    else if (tag.isConfig) this.readConfig(tag);
    else if (!tag.isControl && tag.trackId === 0) {
      this.newest = tag.timestamp;
      if (tag.kind === "audio") {
        this.audio++;
        this.sound = tag.codec;
        return;
      }
      this.frames++;
      this.video = tag.codec;
      if (!tag.isKeyframe) return;
      this.interval = tag.timestamp - this.keyframe;
      this.keyframe = tag.timestamp;
    }
  }

  onEnd(): void {}

  private readConfig({ kind, codec, payload, trackId }: MediaTag): void {
    if (trackId !== 0) return;
    if (kind === "audio") this.sound = codec;
    else {
      this.video = codec;
      const header = codec === "avc1" ? readVideoHeader(payload) : null;
      this.size = header === null ? null : avcPictureSize(payload.subarray(header.dataOffset));
    }
  }

  private readMetadata(body: Uint8Array): void {
    if (!isMetadata(body)) return;
    let values: AmfValue[];
    try {
      values = decodeAmf0(body, AMF_LIMITS);
    } catch {
      // Nobody needs it: what is measured counts, and players get it as it came.
      return;
    }
    const number = (key: string, max: number) => {
      const value = amfProperty(values[1], key);
      return typeof value === "number" && value > 0 && value <= max ? value : null;
    };
    const [width, height] = [number("width", 16_384), number("height", 16_384)];
    const size = width === null || height === null ? null : { width: Math.round(width), height: Math.round(height) };
    this.announced = { fps: number("framerate", 1_000), size };
  }

  /** `now`: the clock of `startedAt`. Counts from the last call on. */
  sample(now: Milliseconds): HealthSample {
    const { last, bytes, frames, audio, newest } = this;
    const media = Number.isNaN(last.newest) ? now - last.at : newest - last.newest;
    const second: Second = {
      length: Math.max(1, now - last.at),
      bytes: bytes - last.bytes,
      frames: frames - last.frames,
      audio: audio - last.audio,
      media: Number.isNaN(media) ? 0 : media,
    };
    this.last = { at: now, bytes, frames, audio, newest };
    this.seconds.push(second);
    if (this.seconds.length > KEPT_SECONDS) this.seconds.shift();
    const recent = this.seconds.slice(-FPS_SECONDS);
    const sum = (key: keyof Second) => recent.reduce((total, one) => total + one[key], 0);
    const fps = (sum("frames") * 1_000) / sum("length");
    const { width, height } = this.size ?? this.announced.size ?? { width: null, height: null };
    // An encoder that sends one keyframe and no other has no interval, only a growing one.
    const since = newest - this.keyframe;
    const between = Number.isNaN(this.interval) || since > this.interval ? since : this.interval;
    const interval = Number.isNaN(this.interval) && since < 4_000 ? Number.NaN : between;
    return {
      bitrateKbps: Math.round((second.bytes * 8) / second.length),
      fps: frames === 0 ? null : Number(fps.toFixed(1)),
      width: this.video === null ? null : width,
      height: this.video === null ? null : height,
      videoCodec: nameOf(this.video),
      audioCodec: nameOf(this.sound),
      keyframeIntervalSeconds: Number.isNaN(interval) || interval < 0 ? null : Number((interval / 1_000).toFixed(2)),
      problems: problemsOf({
        seconds: this.seconds,
        age: now - this.startedAt,
        keyframeInterval: Number.isNaN(interval) ? null : interval,
        announcedFps: this.announced.fps,
        video: this.video,
        sound: this.sound,
      }),
    };
  }
}

/** Broadcasts of any rate, GOP and order of pictures, without an encoder: headers are true, pictures are zeros. For tests. */
import { encodeAmf0 } from "../../rtmp/amf0/encode.ts";
import type { FlvTag } from "./play.ts";

export interface Synthetic {
  readonly seconds: number;
  readonly fps: number;
  /** Pictures. */
  readonly gop: number;
  readonly bFrames: number;
  readonly kbps: number;
  readonly sampleRate: number;
  readonly width: number;
  readonly height: number;
  readonly level: number;
  readonly chroma: number;
  readonly isInterlaced: boolean;
}

export const CLEAN: Synthetic = {
  seconds: 32,
  fps: 30,
  gop: 60,
  bFrames: 0,
  kbps: 300,
  sampleRate: 48_000,
  width: 1_280,
  height: 720,
  level: 31,
  chroma: 1,
  isInterlaced: false,
};

const AUDIO_KBPS = 96;
const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000];

/** All tags in the order of their time. */
export function synthesize(options: Partial<Synthetic> = {}): FlvTag[] {
  const recipe = { ...CLEAN, ...options };
  const { seconds, fps, gop, bFrames, kbps, sampleRate } = recipe;
  const tags: FlvTag[] = [];
  const add = (kind: FlvTag["kind"], timestamp: number, body: Uint8Array) =>
    tags.push({ kind, timestamp: Math.round(timestamp), body });
  const frameMs = 1_000 / fps;
  const count = Math.floor(seconds * fps);
  const size = Math.round((kbps * 1_000) / 8 / fps);
  for (let index = 0; index < count; index++) {
    const inGop = index % gop;
    const time = index * frameMs;
    const shown = time + compositionOf(inGop, gop, bFrames) * frameMs;
    add("video", time, frame(inGop === 0, Math.round(shown) - Math.round(time), size));
  }
  const audioMs = 1_024_000 / sampleRate;
  for (let index = 0; index * audioMs < seconds * 1_000; index++) {
    const body = new Uint8Array(Math.round((AUDIO_KBPS * audioMs) / 8));
    body.set([0xaf, 1]);
    add("audio", index * audioMs, body);
  }
  tags.sort((a, b) => a.timestamp - b.timestamp);
  const { width, height } = recipe;
  const announced = { width, height, framerate: fps, videodatarate: kbps, audiodatarate: AUDIO_KBPS };
  return [
    { kind: "script", timestamp: 0, body: encodeAmf0(["onMetaData", announced]) },
    { kind: "video", timestamp: 0, body: Uint8Array.of(0x17, 0, 0, 0, 0, ...avcRecord(recipe)) },
    { kind: "audio", timestamp: 0, body: Uint8Array.of(0xaf, 0, ...audioConfig(sampleRate)) },
    ...tags,
  ];
}

/** In pictures: P before the B-frames that are shown before it, one picture of delay. */
function compositionOf(inGop: number, gop: number, bFrames: number): number {
  if (bFrames === 0) return 0;
  if (inGop === 0) return 1;
  const inGroup = (inGop - 1) % (bFrames + 1);
  const first = inGop - inGroup;
  const group = Math.min(bFrames, gop - 1 - first);
  return inGroup === 0 ? group + 1 : 0;
}

export function frame(isKeyframe: boolean, compositionTime: number, size: number): Uint8Array {
  const body = new Uint8Array(Math.max(10, size));
  body.set([isKeyframe ? 0x17 : 0x27, 1, compositionTime >> 16, compositionTime >> 8, compositionTime]);
  return body;
}

function audioConfig(sampleRate: number): number[] {
  const index = RATES.indexOf(sampleRate);
  return [(2 << 3) | (index >> 1), ((index & 1) << 7) | (2 << 3)];
}

/** AVCDecoderConfigurationRecord with a sequence parameter set of profile High (H.264 §7.3.2.1.1). */
function avcRecord({ width, height, level, chroma, isInterlaced }: Synthetic): number[] {
  const profile = chroma === 1 ? 100 : 244;
  const bits: number[] = [];
  const u = (value: number, length: number) => {
    for (let at = length - 1; at >= 0; at--) bits.push((value >> at) & 1);
  };
  const ue = (value: number) => {
    const length = Math.floor(Math.log2(value + 1));
    u(0, length);
    u(value + 1, length + 1);
  };
  const rows = Math.ceil(height / (isInterlaced ? 32 : 16));
  ue(0);
  ue(chroma);
  if (chroma === 3) u(0, 1);
  for (const value of [0, 0]) ue(value);
  u(0, 2);
  for (const value of [0, 2, 1]) ue(value);
  u(0, 1);
  for (const value of [Math.ceil(width / 16) - 1, rows - 1]) ue(value);
  if (isInterlaced) u(0, 2);
  else u(1, 1);
  u(1, 1);
  u(0, 1);
  u(0, 1);
  u(1, 1);
  while (bits.length % 8 !== 0) bits.push(0);
  const set = [0x67, profile, 0, level];
  for (let at = 0; at < bits.length; at += 8) set.push(Number.parseInt(bits.slice(at, at + 8).join(""), 2));
  return [1, profile, 0, level, 0xff, 0xe1, 0, set.length, ...set, 0];
}

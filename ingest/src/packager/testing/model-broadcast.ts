/** Makes the samples of pretended publishers, for laws: everything follows from the numbers given. */
import { type Milliseconds, ms } from "../../bytes/units.ts";
import { box, fullBox, u16, zeros } from "../box.ts";
import type { AudioTrack, Sample, Track, VideoTrack } from "../track.ts";

export interface ModelEpoch {
  /** Null: no picture. */
  readonly video: ModelVideo | null;
  readonly audio: ModelAudio | null;
  /** Other pictures of the same source, by their heights: encoded anew without reordering, and a little later. */
  readonly ladder?: readonly number[];
  /** Pause between the end of the epoch before and this one's start on the timeline. */
  readonly pauseMs: number;
}

export interface ModelVideo {
  readonly fps: number;
  /** Frames of each GOP in turn. */
  readonly gops: readonly number[];
  /** Pictures that are presented before the one that they follow in decode order; 0: none. */
  readonly reorder: number;
  /** Milliseconds added to decode times, in turn. */
  readonly jitter: readonly number[];
  readonly width: number;
}

export interface ModelAudio {
  readonly sampleRate: number;
  readonly startMs: number;
  readonly jitter: readonly number[];
  /** Frames left out: start and count, in thousandths of the whole. */
  readonly hole: readonly [number, number] | null;
  /** How much later than the picture its samples are handed over. */
  readonly lagMs: number;
}

const FRAME = 1024;
const VIDEO_SCALE = 90_000;
const LADDER_LAG_MS = 130;

export interface ModelInput {
  readonly track: number;
  readonly sample: Sample;
}

export interface ModelledEpoch {
  readonly tracks: readonly Track[];
  readonly inputs: readonly ModelInput[];
  readonly lengthMs: Milliseconds;
}

export function videoTrack(width: number): VideoTrack {
  const height = (width * 9) / 16;
  const avcC = box("avcC", new Uint8Array([1, 0x64, 0, 0x1f, 0xff, 0xe0, 0]));
  // VisualSampleEntry: data_reference_index, then the size among fields that players pass over.
  const sampleEntry = box("avc1", u16(0, 0, 0, 1), zeros(16), u16(width, height), zeros(50), avcC);
  return { kind: "video", timescale: VIDEO_SCALE, sampleEntry, codecs: "avc1.64001f", width, height };
}

export function audioTrack(sampleRate: number): AudioTrack {
  // ES_Descriptor > DecoderConfigDescriptor > AudioSpecificConfig of AAC LC, 48 kHz, two channels.
  const config = [0x05, 2, 0x11, 0x90];
  const decoder = [0x04, 13 + config.length, 0x40, 0x15, ...zeros(11), ...config];
  const esds = fullBox("esds", 0, 0, new Uint8Array([0x03, 3 + decoder.length, 0, 0, 0, ...decoder]));
  const sampleEntry = box("mp4a", u16(0, 0, 0, 1), zeros(8), u16(2, 16, 0, 0, sampleRate, 0), esds);
  const codecs = "mp4a.40.2";
  return { kind: "audio", timescale: sampleRate, sampleEntry, codecs, sampleRate, channels: 2, frameTicks: FRAME };
}

/** FLV's view of time: whole milliseconds, in ticks. */
function inTicks(milliseconds: number, timescale: number): number {
  return Math.round((Math.round(milliseconds) * timescale) / 1000);
}

export function modelEpoch({ video, audio, ladder = [] }: ModelEpoch): ModelledEpoch {
  const tracks: Track[] = [];
  const timed: { at: number; input: ModelInput }[] = [];
  const data = (id: number): Uint8Array => new Uint8Array([id & 255, (id >> 8) & 255, id >> 16]);
  let lengthMs = 0;
  if (video !== null) {
    const track = tracks.push(videoTrack(video.width)) - 1;
    let frame = 0;
    for (const gop of video.gops) {
      for (let index = 0; index < gop; index++, frame++) {
        const at = (frame * 1000) / video.fps + (video.jitter[frame % Math.max(1, video.jitter.length)] ?? 0);
        const wait = video.reorder === 0 ? 0 : index % 2 === 0 ? video.reorder : video.reorder - 1;
        const dts = inTicks(Math.max(0, at), VIDEO_SCALE);
        const cts = inTicks((wait * 1000) / video.fps, VIDEO_SCALE);
        timed.push({ at, input: { track, sample: { dts, cts, isSync: index === 0, data: data(frame) } } });
      }
    }
    lengthMs = (frame * 1000) / video.fps;
    const source = timed.map(({ at, input }) => ({ at, ...input.sample }));
    for (const height of ladder) {
      const rung = { ...videoTrack((height * 16) / 9), rendition: `${height}p` };
      const other = tracks.push(rung) - 1;
      const presented = source.toSorted((a, b) => a.dts + a.cts - b.dts - b.cts);
      for (const [index, { at, dts, cts, isSync }] of presented.entries()) {
        const sample = { dts: dts + cts, cts: 0, isSync, data: data(index + height * 1000) };
        timed.push({ at: at + LADDER_LAG_MS, input: { track: other, sample } });
      }
    }
  }
  if (audio !== null) {
    const track = tracks.push(audioTrack(audio.sampleRate)) - 1;
    const step = (FRAME * 1000) / audio.sampleRate;
    const until = video === null ? 20_000 : lengthMs;
    const count = Math.max(1, Math.floor((until - audio.startMs) / step));
    const holeStart = audio.hole === null ? -1 : Math.floor((audio.hole[0] * count) / 1000);
    for (let index = 0; index < count; index++) {
      if (audio.hole !== null && index >= holeStart && index < holeStart + audio.hole[1]) continue;
      const at = audio.startMs + index * step + (audio.jitter[index % Math.max(1, audio.jitter.length)] ?? 0);
      const dts = inTicks(at, audio.sampleRate);
      timed.push({ at: at + audio.lagMs, input: { track, sample: { dts, cts: 0, isSync: true, data: data(index) } } });
    }
    lengthMs = Math.max(lengthMs, audio.startMs + count * step);
  }
  timed.sort((a, b) => a.at - b.at);
  return { tracks, inputs: timed.map(({ input }) => input), lengthMs: ms(lengthMs) };
}

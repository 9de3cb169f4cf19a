/**
 * What a recording says of itself, line by line: JSON that is written when the media it tells of is stored. A line that can't be read, of
 * another release perhaps, is as if it were not there.
 */
import type { Colour } from "../live/media-tag.ts";
import type { EpochInfo, Segment } from "../packager/segment.ts";
import { colourOf } from "../packager/track.ts";

export interface BroadcastLine {
  readonly line: "broadcast";
  readonly version: 1;
  /** Unix time, milliseconds. */
  readonly startedAt: number;
  readonly targetDuration: number;
}

export interface EpochLine {
  readonly line: "epoch";
  readonly number: number;
  readonly isFirst: boolean;
  readonly firstNumber: number;
  readonly startsAt: number;
  readonly tracks: readonly RecordedTrack[];
}

export interface RecordedTrack {
  readonly rendition: string;
  readonly kind: "video" | "audio";
  readonly timescale: number;
  readonly codecs: string;
  /** Of pictures; 0 for sound. */
  readonly width: number;
  readonly height: number;
  /** Of pictures whose encoder says; recordings of earlier releases have none. */
  readonly colour?: Colour;
  /** Of sound; 0 for pictures. */
  readonly sampleRate: number;
  readonly channels: number;
}

export interface SegmentLine {
  readonly line: "segment";
  readonly rendition: string;
  readonly number: number;
  readonly epoch: number;
  readonly timescale: number;
  readonly time: number;
  readonly duration: number;
  /** Bytes; null: a gap. */
  readonly size: number | null;
  readonly isIndependent: boolean;
  readonly frames: number;
}

export type Line = BroadcastLine | EpochLine | SegmentLine;

export function epochLine({ number, isFirst, firstNumber, startsAt, tracks }: EpochInfo): EpochLine {
  const recorded = tracks.map(({ rendition, track, timescale }): RecordedTrack => {
    const { kind, codecs } = track;
    const [width, height] = track.kind === "video" ? [track.width, track.height] : [0, 0];
    const [sampleRate, channels] = track.kind === "audio" ? [track.sampleRate, track.channels] : [0, 0];
    const colour = track.kind === "video" ? colourOf(track) : {};
    return { rendition, kind, timescale, codecs, width, height, ...colour, sampleRate, channels };
  });
  return { line: "epoch", number, isFirst, firstNumber, startsAt, tracks: recorded };
}

export function segmentLine(rendition: string, segment: Segment): SegmentLine {
  const { number, epoch, timescale, time, duration } = segment;
  const isMedia = segment.kind === "media";
  return {
    line: "segment",
    rendition,
    number,
    epoch: epoch.number,
    timescale,
    time,
    duration,
    size: isMedia ? segment.bytes.length : null,
    isIndependent: !isMedia || segment.isIndependent,
    frames: isMedia ? segment.parts.reduce((sum, { frames }) => sum + frames, 0) : 0,
  };
}

const text = new TextEncoder();
const utf8 = new TextDecoder();

export function encodeLines(lines: readonly Line[]): Uint8Array {
  return text.encode(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

export function decodeLines(bytes: Uint8Array): Line[] {
  return utf8
    .decode(bytes)
    .split("\n")
    .flatMap((each) => decodeLine(each) ?? []);
}

function decodeLine(line: string): Line | null {
  if (line === "") return null;
  try {
    const value = JSON.parse(line) as Partial<Line>;
    switch (value.line) {
      case "broadcast":
        return value.version === 1 && areNumbers(value.startedAt, value.targetDuration) ? (value as Line) : null;
      case "epoch":
        return areNumbers(value.number, value.firstNumber, value.startsAt) && Array.isArray(value.tracks)
          ? (value as Line)
          : null;
      case "segment":
        return areNumbers(value.number, value.epoch, value.timescale, value.time, value.duration) &&
          typeof value.rendition === "string"
          ? (value as Line)
          : null;
      default:
        return null;
    }
  } catch {
    return null;
  }
}

const areNumbers = (...values: readonly unknown[]): boolean => values.every((value) => Number.isFinite(value));

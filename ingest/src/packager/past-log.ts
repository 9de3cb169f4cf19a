/**
 * Segments of one rendition whose bytes are in a storage and not in memory: what playlists say of them. A broadcast of hours has thousands, so
 * they are numbers in columns, and text that is written once.
 */
import type { Milliseconds } from "../bytes/units.ts";
import { mapLine, segmentLines } from "./hls-lines.ts";
import type { EpochInfo } from "./segment.ts";
import { timelineOf } from "./timeline.ts";

/** Of a segment in the log. */
export interface PastSegment {
  readonly kind: "media" | "gap";
  readonly number: number;
  readonly epoch: EpochInfo;
  readonly timescale: number;
  readonly time: number;
  readonly duration: number;
  /** Bytes. */
  readonly size: number;
}

export interface PastEpoch {
  readonly epoch: EpochInfo;
  /** Number of its first segment in the log. */
  readonly from: number;
  /** Behind its last number. */
  readonly to: number;
  readonly timescale: number;
}

export interface PastLog {
  /** Numbers of the oldest that is kept, and behind the newest; equal when it is empty. */
  readonly first: number;
  readonly end: number;
  /** The segment behind the last one; `isIndependent` matters to media only. */
  append(segment: Omit<PastSegment, "size">, size: number, isIndependent: boolean): void;
  at(number: number): PastSegment | null;
  /** Forgets those before `number`. */
  dropBefore(number: number): void;
  /** How long the segments of a range last together. `to` is not in it. */
  seconds(from: number, to: number): number;
  /** What HLS playlists say of a range; `isFirst`: nothing is listed before it. UTF-8, whole lines. */
  lines(from: number, to: number, isFirst: boolean): Uint8Array;
  /** The epoch of the newest EXT-X-MAP before a number; null when there is none. */
  mappedBefore(number: number): number | null;
  /** Epochs of which a range has media. */
  epochs(from: number, to: number): readonly PastEpoch[];
  /** DASH: the S elements of the media of an epoch within a range. */
  timeline(epoch: EpochInfo, from: number, to: number): readonly string[];
  /** Every segment of the range begins where a decoder can start. */
  isIndependent(from: number, to: number): boolean;
}

interface Span extends PastEpoch {
  to: number;
  /** The EXT-X-MAP before the span; null when there is none. */
  readonly mappedBefore: number | null;
  /** Number of the first media segment; the spans's end while there is none. */
  firstMedia: number;
}

const GAP = -1;
/** What was dropped is swept out when it is more than this, and more than what is kept. */
const SWEEP = 256;
/** Timelines are kept in pieces of so many numbers. */
const PIECE = 256;
const text = new TextEncoder();

export function makePastLog(startedAt: Milliseconds, firstNumber: number): PastLog {
  let base = firstNumber;
  let first = firstNumber;
  let times: number[] = [];
  let durations: number[] = [];
  /** GAP where there are no bytes. */
  let sizes: number[] = [];
  /** Seconds of all segments up to here, this one included, from the first on that ever was. */
  let sums: number[] = [];
  /** Where its lines end in `lines`. */
  let ends: number[] = [];
  let lines = new Uint8Array(4096);
  let spans: Span[] = [];
  let dependent: number[] = [];
  const pieces = new Map<number, string>();

  const end = (): number => base + times.length;
  const textFrom = (number: number): number => (number <= base ? 0 : (ends[number - base - 1] ?? 0));
  const sumBefore = (number: number): number => {
    if (number > base) return sums[number - base - 1] ?? 0;
    return (sums[0] ?? 0) - (durations[0] ?? 0) / (spans[0]?.timescale ?? 1);
  };
  const spanOf = (number: number): Span | undefined => spans.findLast((span) => span.from <= number);

  function write(added: string): number {
    const bytes = text.encode(`${added}\n`);
    const at = ends.at(-1) ?? 0;
    if (at + bytes.length > lines.length) {
      const grown = new Uint8Array((at + bytes.length) * 2);
      grown.set(lines.subarray(0, at));
      lines = grown;
    }
    lines.set(bytes, at);
    return at + bytes.length;
  }

  function spanFor({ number, epoch, timescale }: Omit<PastSegment, "size">): Span {
    const last = spans.at(-1);
    if (last?.epoch.number === epoch.number) return last;
    const mappedBefore = last === undefined ? null : mappedAt(last);
    const span: Span = {
      epoch,
      from: number,
      to: number,
      timescale,
      mappedBefore,
      firstMedia: Number.POSITIVE_INFINITY,
    };
    spans.push(span);
    return span;
  }

  const mappedAt = (span: Span): number | null =>
    span.firstMedia < Number.POSITIVE_INFINITY ? span.epoch.number : span.mappedBefore;

  function sweep(): void {
    const gone = first - base;
    if (gone < SWEEP || gone < times.length / 2) return;
    const cut = ends[gone - 1]!;
    lines = lines.slice(cut, Math.max(ends.at(-1)!, cut + 4096));
    [times, durations, sizes, sums] = [times, durations, sizes, sums].map((column) => column.slice(gone)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    ends = ends.slice(gone).map((at) => at - cut);
    base = first;
    spans = spans.filter(({ to }) => to > first);
    dependent = dependent.filter((number) => number >= first);
    for (const piece of pieces.keys()) if ((piece + 1) * PIECE <= first) pieces.delete(piece);
  }

  function at(number: number): PastSegment | null {
    const index = number - base;
    const span = spanOf(number);
    if (number < first || number >= end() || span === undefined) return null;
    const { epoch, timescale } = span;
    const size = sizes[index]!;
    const kind = size === GAP ? "gap" : "media";
    return {
      kind,
      number,
      epoch,
      timescale,
      time: times[index]!,
      duration: durations[index]!,
      size: Math.max(0, size),
    };
  }

  /** The S elements of some media, not kept. */
  function draw(from: number, to: number): string[] {
    const run: { time: number; duration: number }[] = [];
    for (let number = from; number < to; number++) {
      const index = number - base;
      if (sizes[index] !== GAP) run.push({ time: times[index]!, duration: durations[index]! });
    }
    return timelineOf(run);
  }

  return {
    get first() {
      return first;
    },
    get end() {
      return end();
    },
    append(segment, size, isIndependent) {
      if (segment.number !== end()) throw new RangeError(`segment ${segment.number} does not follow ${end() - 1}`);
      const span = spanFor(segment);
      const said = segmentLines(startedAt, segment, mappedAt(span)).join("\n");
      ends.push(write(said));
      times.push(segment.time);
      durations.push(segment.duration);
      sums.push((sums.at(-1) ?? 0) + segment.duration / segment.timescale);
      sizes.push(segment.kind === "gap" ? GAP : size);
      span.to = segment.number + 1;
      if (segment.kind === "media") {
        span.firstMedia = Math.min(span.firstMedia, segment.number);
        if (!isIndependent) dependent.push(segment.number);
      }
    },
    at,
    dropBefore(number) {
      first = Math.min(Math.max(first, number), end());
      sweep();
    },
    seconds: (from, to) => (to <= from ? 0 : sumBefore(to) - sumBefore(from)),
    lines(from, to, isFirst) {
      if (to <= from) return new Uint8Array(0);
      const said = lines.subarray(textFrom(from), textFrom(to));
      const span = spanOf(from)!;
      // An epoch's first media has the EXT-X-MAP: it may be listed no more.
      if (!isFirst || span.firstMedia >= from) return said;
      const map = text.encode(`${mapLine(span.epoch.number)}\n`);
      const whole = new Uint8Array(map.length + said.length);
      whole.set(map);
      whole.set(said, map.length);
      return whole;
    },
    mappedBefore(number) {
      const span = spans.findLast((each) => each.from < number);
      if (span === undefined) return null;
      return span.firstMedia < number ? span.epoch.number : span.mappedBefore;
    },
    epochs: (from, to) => spans.filter((span) => span.from < to && span.to > from && span.firstMedia < to),
    timeline(epoch, from, to) {
      const span = spans.find((each) => each.epoch.number === epoch.number);
      if (span === undefined) return [];
      const stop = Math.min(to, span.to);
      const drawn: string[] = [];
      for (let number = Math.max(from, span.from); number < stop; ) {
        const piece = Math.floor(number / PIECE);
        const next = Math.min((piece + 1) * PIECE, stop);
        const isWhole = number === piece * PIECE && next === number + PIECE;
        if (isWhole) {
          const known = pieces.get(piece) ?? draw(number, next).join("");
          pieces.set(piece, known);
          drawn.push(known);
        } else drawn.push(...draw(number, next));
        number = next;
      }
      return drawn;
    },
    isIndependent: (from, to) => !dependent.some((number) => number >= from && number < to),
  };
}

/** What players learn from the bytes of initialization and media segments (ISO/IEC 14496-12 §8). */
import { WireError } from "../bytes/wire-error.ts";
import { type BoxAt, boxesIn } from "../remux/box-reader.ts";
import { readFragment } from "../remux/moof.ts";
import { readMovie, type TrackDefaults } from "../remux/moov.ts";

export interface InitFile {
  readonly tracks: readonly TrackDefaults[];
  readonly isEncrypted: boolean;
}

/** One track's share of a segment or part; times in its own ticks. */
export interface TrackSpan {
  readonly kind: "video" | "audio";
  readonly trackId: number;
  readonly timescale: number;
  /** tfdt of the first fragment. */
  readonly start: number;
  /** Behind the last sample. */
  readonly end: number;
  /** Earliest presentation. */
  readonly earliest: number;
  /** Longest distance of two samples: the slack of a rule that says "within a frame". */
  readonly frame: number;
  readonly startsWithSync: boolean;
  /** First fragment that does not begin where the one before ended: by how many ticks. */
  readonly jump: number;
}

export interface MediaFile {
  /** `other`: WebM, packed audio and whatever else; nothing is known of it. */
  readonly container: "fmp4" | "ts" | "other";
  /** Video first. */
  readonly spans: readonly TrackSpan[];
  /** Why it can't be read. */
  readonly problem: string | null;
}

const TS_SYNC = 0x47;

/** Null: not an initialization segment, or one that can't be read. */
export function readInit(bytes: Uint8Array): InitFile | null {
  return attempt(() => {
    for (const box of boxes(bytes)) {
      if (box.type !== "moov") continue;
      const tracks = readMovie(bytes.subarray(box.start, box.end));
      const isEncrypted = tracks.some(({ track }) => /^enc[av]$/.test(fourCcOf(track.sampleEntry)));
      return { tracks, isEncrypted };
    }
    return null;
  }, null);
}

/** `init`: what applies to it; null where there is none. */
export function readMedia(bytes: Uint8Array, init: InitFile | null): MediaFile {
  if (bytes[0] === TS_SYNC && (bytes.length < 189 || bytes[188] === TS_SYNC)) {
    return { container: "ts", spans: [], problem: null };
  }
  const isFragmented = /^(styp|moof|sidx|emsg|prft|ftyp)$/.test(fourCcOf(bytes));
  if (!isFragmented) return { container: "other", spans: [], problem: null };
  // An init segment may stand at the head of a media segment.
  const tracks = init?.tracks ?? readInit(bytes)?.tracks ?? [];
  const broken = (problem: string): MediaFile => ({ container: "fmp4", spans: [], problem });
  if (tracks.length === 0) return broken("no initialization segment says what is in it");
  try {
    const spans = new Map<number, TrackSpan>();
    for (const box of boxes(bytes)) {
      if (box.type === "moof") readMoof(bytes.subarray(box.start, box.end), box.start, tracks, spans);
    }
    if (spans.size === 0) return broken("it holds no samples");
    const sorted = [...spans.values()].sort((a, b) => Number(b.kind === "video") - Number(a.kind === "video"));
    return { container: "fmp4", spans: sorted, problem: null };
  } catch (error) {
    if (error instanceof WireError) return broken(error.message);
    throw error;
  }
}

function readMoof(
  moof: Uint8Array,
  start: number,
  tracks: readonly TrackDefaults[],
  spans: Map<number, TrackSpan>,
): void {
  for (const { track: index, samples, end } of readFragment(moof, start, tracks)) {
    const first = samples[0];
    if (first === undefined) continue;
    let earliest = Number.POSITIVE_INFINITY;
    let frame = 0;
    for (const [at, { dts, cts }] of samples.entries()) {
      earliest = Math.min(earliest, dts + cts);
      frame = Math.max(frame, (samples[at + 1]?.dts ?? end) - dts);
    }
    const before = spans.get(index);
    const { track, id } = tracks[index]!;
    spans.set(index, {
      kind: track.kind,
      trackId: id,
      timescale: track.timescale,
      start: before?.start ?? first.dts,
      end,
      earliest: Math.min(before?.earliest ?? earliest, earliest),
      frame: Math.max(before?.frame ?? 0, frame),
      startsWithSync: before?.startsWithSync ?? first.isSync,
      jump: before === undefined ? 0 : before.jump || first.dts - before.end,
    });
  }
}

function boxes(bytes: Uint8Array): Generator<BoxAt> {
  return boxesIn(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
}

function fourCcOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(4, 8));
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return otherwise;
    throw error;
  }
}

export const secondsOf = ({ start, end, timescale }: TrackSpan): number => (end - start) / timescale;

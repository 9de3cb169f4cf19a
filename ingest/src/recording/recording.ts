/** A recording as it is read: from its index, or from its journal while it has none. */
import { ms, type Seconds, seconds } from "../bytes/units.ts";
import { makeBandwidth } from "../packager/bandwidth.ts";
import { frameRateOf } from "../packager/frame-rate.ts";
import { makePastLog, type PastLog } from "../packager/past-log.ts";
import type { EpochInfo } from "../packager/segment.ts";
import { colourOf, type Track } from "../packager/track.ts";
import { type BroadcastView, byRank, type RenditionMedia, type RenditionView } from "../packager/view.ts";
import type { Storage } from "../storage/storage.ts";
import {
  type BroadcastLine,
  decodeLines,
  type EpochLine,
  encodeLines,
  type Line,
  type SegmentLine,
} from "./journal.ts";
import { indexKey, journalKey, journalPrefix, segmentKey } from "./names.ts";

export interface Recording {
  /** As an ended broadcast: what playlists are rendered from. */
  readonly view: BroadcastView;
  readonly seconds: Seconds;
  /** Of media. */
  readonly size: number;
}

/** Null when nothing can be played of it. Throws StorageError. */
export async function readRecording(storage: Storage, prefix: string): Promise<Recording | null> {
  const index = await storage.get(indexKey(prefix));
  return toRecording(index === null ? await readJournal(storage, prefix) : decodeLines(index));
}

async function readJournal(storage: Storage, prefix: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (let index = 0; ; index++) {
    const bytes = await storage.get(journalKey(prefix, index));
    if (bytes === null) return lines;
    // One by one: a long journal must not fill the stack.
    for (const line of decodeLines(bytes)) lines.push(line);
  }
}

/**
 * Writes the index of a recording that goes on no more, and removes its journal. `isChecked`: its files are compared with what the journal says
 * of them, as after a crash of the machine, where one may have been lost; what is lost becomes a gap. Null when nothing can be played.
 */
export async function sealRecording(storage: Storage, prefix: string, isChecked: boolean): Promise<Recording | null> {
  const known = await storage.get(indexKey(prefix));
  if (known !== null) return toRecording(decodeLines(known));
  let lines = await readJournal(storage, prefix);
  if (isChecked && lines.length > 0) {
    const sizes = new Map<string, number>();
    for await (const { key, size } of storage.list(prefix)) sizes.set(key, size);
    lines = lines.map((line) => {
      if (line.line !== "segment" || line.size === null) return line;
      return sizes.get(segmentKey(prefix, line.rendition, line.number)) === line.size ? line : { ...line, size: null };
    });
  }
  const whole = wholeSegments(lines);
  const recording = toRecording(whole);
  if (recording === null) return null;
  await storage.put(indexKey(prefix), encodeLines(whole));
  await storage.remove(journalPrefix(prefix));
  return recording;
}

/** Up to the last number that all renditions have, and something to play. */
function wholeSegments(lines: readonly Line[]): Line[] {
  const last = new Map<string, number>();
  let lastMedia = -1;
  for (const line of lines) {
    if (line.line !== "segment") continue;
    last.set(line.rendition, line.number);
    if (line.size !== null) lastMedia = Math.max(lastMedia, line.number);
  }
  const end = Math.min(lastMedia, ...last.values());
  return lines.filter((line) => line.line !== "segment" || line.number <= end);
}

interface Reading {
  readonly name: string;
  readonly kind: "video" | "audio";
  readonly bandwidth: ReturnType<typeof makeBandwidth>;
  readonly log: PastLog;
  media: RenditionMedia | null;
  ratedEpoch: number | null;
}

function toRecording(all: readonly Line[]): Recording | null {
  const lines = wholeSegments(all);
  const broadcast = lines.find((line): line is BroadcastLine => line.line === "broadcast");
  if (broadcast === undefined) return null;
  const startedAt = ms(broadcast.startedAt);
  const epochs = new Map<number, EpochInfo>();
  const renditions = new Map<string, Reading>();
  let size = 0;
  let isIndependent = true;
  for (const line of lines) {
    if (line.line === "epoch") epochs.set(line.number, epochOf(line));
    if (line.line !== "segment") continue;
    const epoch = epochs.get(line.epoch);
    const reading = renditions.get(line.rendition) ?? begin(line, epoch);
    if (epoch === undefined || reading === null || line.number !== reading.log.end) continue;
    renditions.set(line.rendition, reading);
    add(reading, line, epoch);
    size += line.size ?? 0;
    if (line.size !== null && !line.isIndependent) isIndependent = false;
  }
  const shown: RenditionView[] = [];
  for (const { name, kind, media, log } of renditions.values()) {
    const past = { log, from: log.first, to: log.end };
    if (media !== null) shown.push({ name, kind, media, past, segments: [], growing: null, nextPart: 0 });
  }
  if (shown.length === 0) return null;
  shown.sort(byRank);
  const length = seconds(Math.max(...shown.map(({ past }) => past!.log.seconds(past!.from, past!.to))));
  const view: BroadcastView = {
    version: 1,
    startedAt,
    changedAt: startedAt,
    epochZero: Math.min(...shown.map(({ past }) => past!.log.at(past!.from)!.epoch.number)),
    targetDuration: broadcast.targetDuration,
    lowLatency: null,
    windowSeconds: null,
    isIndependent,
    hasEnded: true,
    renditions: shown,
  };
  return { view, seconds: length, size };

  function begin({ rendition, number }: SegmentLine, epoch: EpochInfo | undefined): Reading | null {
    const kind = epoch?.tracks.find((track) => track.rendition === rendition)?.track.kind ?? "audio";
    const log = makePastLog(startedAt, number);
    return { name: rendition, kind, bandwidth: makeBandwidth(), log, media: null, ratedEpoch: null };
  }
}

function add(reading: Reading, line: SegmentLine, epoch: EpochInfo): void {
  const { number, timescale, time, duration, size, frames, rendition } = line;
  const source = epoch.tracks.find((each) => each.rendition === rendition);
  const kind = size === null || source === undefined ? "gap" : "media";
  reading.log.append({ kind, number, epoch, timescale, time, duration }, size ?? 0, line.isIndependent);
  if (kind === "gap" || size === null || source === undefined) return;
  const length = duration / timescale;
  reading.bandwidth.add(size, length);
  const { peak, average } = reading.bandwidth;
  const { track } = source;
  const isRated = reading.ratedEpoch === epoch.number && reading.media !== null;
  const frameRate = isRated ? reading.media!.frameRate : frameRateOf(frames, length);
  reading.ratedEpoch = epoch.number;
  const common = { codecs: track.codecs, peak, average };
  reading.media =
    track.kind === "video"
      ? {
          ...common,
          width: track.width,
          height: track.height,
          ...colourOf(track),
          frameRate,
          channels: 0,
          sampleRate: 0,
        }
      : { ...common, width: 0, height: 0, frameRate: 0, channels: track.channels, sampleRate: track.sampleRate };
}

const NOTHING = new Uint8Array(0);

function epochOf({ number, isFirst, firstNumber, startsAt, tracks }: EpochLine): EpochInfo {
  return {
    number,
    isFirst,
    firstNumber,
    startsAt: ms(startsAt),
    tracks: tracks.map(({ rendition, kind, timescale, codecs, width, height, sampleRate, channels, ...rest }) => {
      const base = { timescale, sampleEntry: NOTHING, codecs };
      const track: Track =
        kind === "video"
          ? { ...base, kind, width, height, ...colourOf(rest) }
          : { ...base, kind, sampleRate, channels, frameTicks: null };
      return { rendition, track, timescale, init: NOTHING };
    }),
  };
}

/** One broadcast on its way to a storage: kept as a recording, or only for as long as players may rewind. */
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Broadcast } from "../live/broadcast.ts";
import type { Segment } from "../packager/segment.ts";
import type { SegmentWindow } from "../packager/window.ts";
import type { ByteRange, Storage } from "../storage/storage.ts";
import { segmentKey } from "./names.ts";
import { makeRecorder, type Recorder, type RecorderLimits, type StopReason } from "./recorder.ts";
import type { Recording } from "./recording.ts";

export interface ArchiveOptions {
  readonly broadcast: Broadcast;
  readonly storage: Storage;
  readonly prefix: string;
  /** Kept when the broadcast is over. */
  readonly isKept: boolean;
  readonly onStopped: (reason: StopReason) => void;
  readonly limits?: Partial<RecorderLimits>;
}

/** What packaging tells of a broadcast, and delivery asks. */
export interface Archive {
  readonly recorder: Recorder;
  readonly isKept: boolean;
  /** The window that lists what is stored here. */
  watch(window: SegmentWindow): void;
  onTargetDuration(seconds: number): void;
  onSegment(rendition: string, segment: Segment): void;
  /** A segment, or a range of it. Null: it is not there. */
  read(rendition: string, number: number, range?: ByteRange): Promise<ReadableStream<Uint8Array> | Blob | null>;
  /** A picture or text that goes with the media, by a name of one word. Throws StorageError. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  get(name: string): Promise<Uint8Array | null>;
  /** The broadcast is over. Resolves with what is kept of it. */
  finish(): Promise<Recording | null>;
  abandon(): Promise<void>;
  /** How long players may ask for what is listed. */
  readonly longest: Milliseconds;
}

export function makeArchive({ broadcast, storage, prefix, isKept, onStopped, limits }: ArchiveOptions): Archive {
  let window: SegmentWindow | null = null;
  /** What is not kept is deleted up to here. */
  const deletedTo = new Map<string, number>();
  const recorder = makeRecorder({
    storage,
    prefix,
    startedAt: broadcast.startedAt,
    onStored(rendition, number) {
      window?.stored(rendition, number);
      if (!isKept) trim(rendition, number);
    },
    onStopped(reason) {
      window?.dropPast();
      onStopped(reason);
    },
    ...(limits === undefined ? {} : { limits }),
  });

  function trim(rendition: string, stored: number): void {
    const oldest = Math.min(window?.oldest ?? 0, stored);
    const from = deletedTo.get(rendition) ?? stored;
    for (let number = from; number < oldest; number++)
      void storage.delete(segmentKey(prefix, rendition, number)).catch(() => {});
    deletedTo.set(rendition, Math.max(from, oldest));
  }

  return {
    recorder,
    isKept,
    watch(listed) {
      window = listed;
      if (recorder.state !== "recording") listed.dropPast();
    },
    onTargetDuration: recorder.onTargetDuration,
    onSegment: recorder.onSegment,
    read: (rendition, number, range) => storage.read(segmentKey(prefix, rendition, number), range),
    put: (name, bytes) => storage.put(`${prefix}${name}`, bytes),
    get: (name) => storage.get(`${prefix}${name}`),
    async finish() {
      const recording = await recorder.finish();
      window?.retire(ms(Date.now()));
      return recording;
    },
    async abandon() {
      await recorder.abandon();
      window?.dropPast();
    },
    get longest() {
      return ms((window?.longestPlaylist ?? 0) * 1000);
    },
  };
}

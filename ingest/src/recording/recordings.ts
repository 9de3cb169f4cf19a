/** All recordings of a node: those that grow, those that are played, and which have to go. */
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Broadcast } from "../live/broadcast.ts";
import type { Log, RecordingAccess, RecordingRegister } from "../live/ports.ts";
import type { Storage } from "../storage/storage.ts";
import { type Archive, makeArchive } from "./archive.ts";
import type { Downloads } from "./downloads.ts";
import { RECORDINGS, recordingPrefix, SCRATCH } from "./names.ts";
import type { RecorderLimits, StopReason } from "./recorder.ts";
import { type Recording, readRecording, sealRecording } from "./recording.ts";
import { DEFAULT_RETENTION, type RemovalCause, type Retention, removals } from "./retention.ts";

export interface RecordingsOptions {
  /** For what is kept. */
  readonly storage: Storage;
  /** For what is only rewound: the local disk. */
  readonly scratch: Storage;
  readonly register: RecordingRegister;
  /** Recordings as one file; null: not given. */
  readonly downloads?: Downloads | null;
  readonly log: Log;
  readonly retention?: Partial<Retention>;
  readonly limits?: Partial<RecorderLimits>;
  readonly now?: () => Milliseconds;
  readonly onStopped?: (reason: StopReason) => void;
  readonly onRemoved?: (cause: RemovalCause | "deleted" | "orphan") => void;
}

export interface Recordings {
  readonly storage: Storage;
  /** Where a broadcast's segments go; null: nowhere, it is neither recorded nor rewound. */
  open(broadcast: Broadcast): Archive | null;
  /** Its broadcast is over. */
  close(archive: Archive): void;
  /** Of a stream that is over; null: there is none. Throws StorageError. */
  read(streamId: number): Promise<Recording | null>;
  /** Null: there is none to see. */
  access(streamId: number): Promise<RecordingAccess | null>;
  /** Removes a recording, whoever watches it. */
  remove(streamId: number): Promise<void>;
  /** Finishes what a crash has left, once at the start. */
  recover(): Promise<number>;
  sweep(): Promise<void>;
  readonly stats: {
    readonly active: number;
    readonly written: number;
    readonly queuedBytes: number;
    readonly free: number | null;
  };
  /** Waits for what is being finished; bounded. */
  stop(): Promise<void>;
}

const CHECK_EVERY = 5_000;
const SWEEP_EVERY = 600_000;
/** After a start: those who come first are served first. */
const FIRST_SWEEP = 60_000;
/** What was asked for of late is being watched. */
const WATCHED_FOR = 600_000;
const MAX_READ = 32;
const MAX_ACCESS = 2_000;
const ACCESS_TTL = 5_000;
const RETRY_AFTER = 2_000;

interface Active {
  readonly archive: Archive;
  readonly streamId: number | null;
  readonly prefix: string;
}

export function openRecordings(options: RecordingsOptions): Recordings {
  const { storage, scratch, register, log, limits } = options;
  const retention: Retention = { ...DEFAULT_RETENTION, ...options.retention };
  const now = options.now ?? (() => ms(Date.now()));
  const active = new Map<Archive, Active>();
  const endings = new Set<Promise<void>>();
  /** Most recently read last. */
  const known = new Map<number, Promise<Recording | null>>();
  const watched = new Map<number, number>();
  const accesses = new Map<number, { readonly found: Promise<RecordingAccess | null>; readonly until: number }>();
  /** Removals of scratch files that wait for late players. */
  const timers = new Map<Timer, () => void>();
  const free = new Map<Storage, number | null>();
  let pastWritten = 0;
  let closed = false;

  const isActive = (streamId: number): boolean => [...active.values()].some((each) => each.streamId === streamId);
  const quietly = (code: string, streamId: number | null) => (error: unknown) =>
    log.warn({ code, streamId, error: String(error) }, "A recording could not be seen to");

  /** Until the database has it, or the recording is over. */
  async function persist<T>(write: () => Promise<T>, isWanted: () => boolean): Promise<T | null> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!isWanted() || closed) throw error;
        await Bun.sleep(RETRY_AFTER);
      }
    }
  }

  async function checkRoom(where: Storage): Promise<void> {
    const bytes = await where.free(where === storage ? RECORDINGS : SCRATCH);
    free.set(where, bytes);
    if (bytes === null || bytes >= retention.minFreeBytes) return;
    for (const { archive } of [...active.values()]) {
      if ((archive.isKept ? storage : scratch) === where) archive.recorder.stop("disk-full");
    }
  }

  async function checkAll(): Promise<void> {
    for (const where of new Set([storage, scratch])) await checkRoom(where).catch(() => {});
  }

  function open(broadcast: Broadcast): Archive | null {
    const { streamId, isRecorded, dvrSeconds, slug, startedAt } = broadcast;
    const isKept = isRecorded && streamId !== null;
    if (closed || (!isKept && dvrSeconds === 0)) return null;
    const where = isKept ? storage : scratch;
    const prefix = isKept ? recordingPrefix(streamId) : `${SCRATCH}${slug}-${Math.round(startedAt)}/`;
    // What an older database left under this number is not of this stream.
    let clearing: Promise<void> | null = null;
    const clear = (): Promise<void> => {
      clearing ??= where.remove(prefix).catch((error) => {
        clearing = null;
        throw error;
      });
      return clearing;
    };
    const archive = makeArchive({
      broadcast,
      storage: { ...where, put: async (key, bytes) => clear().then(() => where.put(key, bytes)) },
      prefix,
      isKept,
      onStopped(reason) {
        log.warn({ code: "recording.stopped", slug, streamId, reason }, "A broadcast is not recorded any further");
        options.onStopped?.(reason);
        if (isKept) register.stopped(streamId, reason).catch(quietly("recording.unregistered", streamId));
      },
      ...(limits === undefined ? {} : { limits }),
    });
    active.set(archive, { archive, streamId: isKept ? streamId : null, prefix });
    const room = free.get(where) ?? null;
    if (isKept) {
      known.delete(streamId);
      const isWanted = () => archive.recorder.state === "recording";
      persist(() => register.begun(streamId), isWanted).catch(quietly("recording.unregistered", streamId));
    }
    if (room !== null && room < retention.minFreeBytes) queueMicrotask(() => archive.recorder.stop("disk-full"));
    void checkRoom(where).catch(() => {});
    return archive;
  }

  async function end(archive: Archive, { streamId, prefix }: Active): Promise<void> {
    try {
      const recording = await archive.finish();
      if (streamId === null) leaveLater(archive, prefix);
      else await settle(streamId, recording);
    } catch (error) {
      // The sweep finishes it when the storage is back.
      quietly("recording.unfinished", streamId)(error);
    } finally {
      pastWritten += archive.recorder.written;
      active.delete(archive);
    }
  }

  /** Players may still rewind for as long as they could. */
  function leaveLater(archive: Archive, prefix: string): void {
    const leave = () => scratch.remove(prefix).catch(quietly("recording.unremoved", null));
    const timer = setTimeout(() => {
      timers.delete(timer);
      void leave();
    }, archive.longest);
    timer.unref();
    timers.set(timer, leave);
  }

  async function settle(streamId: number, recording: Recording | null): Promise<void> {
    known.delete(streamId);
    accesses.delete(streamId);
    if (recording === null) {
      await storage.remove(recordingPrefix(streamId));
      await register.forgotten(streamId);
      return;
    }
    const { seconds, size } = recording;
    if (await register.finished(streamId, { seconds, size })) {
      log.info(
        { code: "recording.ready", streamId, seconds: Math.round(seconds), bytes: size },
        "A recording is ready",
      );
    } else await storage.remove(recordingPrefix(streamId));
  }

  async function remove(streamId: number): Promise<void> {
    for (const [archive, each] of active) {
      if (each.streamId !== streamId) continue;
      await archive.abandon();
      active.delete(archive);
    }
    known.delete(streamId);
    accesses.delete(streamId);
    await options.downloads?.forget(streamId);
    await storage.remove(recordingPrefix(streamId));
  }

  /** What nobody has finished; `isChecked`: after a crash. Returns how many can be played now. */
  async function finishOthers(): Promise<number> {
    let count = 0;
    for (const streamId of await register.unfinished()) {
      if (isActive(streamId)) continue;
      try {
        const recording = await sealRecording(storage, recordingPrefix(streamId), true);
        await settle(streamId, recording);
        if (recording !== null) count++;
      } catch (error) {
        quietly("recording.unfinished", streamId)(error);
      }
    }
    return count;
  }

  async function idsThere(): Promise<number[]> {
    const folders = await storage.folders(RECORDINGS);
    return folders.map(Number).filter((id) => Number.isInteger(id) && id > 0 && !isActive(id));
  }

  async function sweep(): Promise<void> {
    await finishOthers();
    await options.downloads?.sweep();
    const ids = await idsThere();
    for (const streamId of await register.orphans(ids)) {
      await remove(streamId);
      options.onRemoved?.("orphan");
    }
    const at = now();
    for (const [streamId, last] of watched) if (at - last > WATCHED_FOR) watched.delete(streamId);
    const all = await register.finishedOf(ids);
    const room = await storage.free(RECORDINGS);
    // Asked in turn of those that would go, so that nobody is asked about thousands that stay.
    const inUse = new Set(watched.keys());
    for (;;) {
      const going = removals(all, retention, at, room, (streamId) => inUse.has(streamId));
      const busy: number[] = [];
      for (const { streamId } of going) if (await register.isWatched(streamId)) busy.push(streamId);
      for (const streamId of busy) inUse.add(streamId);
      if (busy.length > 0) continue;
      for (const { streamId, cause } of going) {
        await remove(streamId);
        await register.forgotten(streamId);
        log.info({ code: "recording.removed", streamId, cause }, "A recording was removed, as the settings say");
        options.onRemoved?.(cause);
      }
      return;
    }
  }

  let sweeping: Promise<void> | null = null;
  const sweepOnce = (): Promise<void> => {
    sweeping ??= sweep().finally(() => {
      sweeping = null;
    });
    return sweeping;
  };
  const sweepQuietly = (): void => void sweepOnce().catch(quietly("recording.sweep-failed", null));
  const intervals = [
    setTimeout(sweepQuietly, FIRST_SWEEP),
    setInterval(() => void checkAll(), CHECK_EVERY),
    setInterval(sweepQuietly, SWEEP_EVERY),
  ];
  for (const timer of intervals) timer.unref();

  return {
    storage,
    open,
    close(archive) {
      const found = active.get(archive);
      if (found === undefined) return;
      const ending = end(archive, found).finally(() => endings.delete(ending));
      endings.add(ending);
    },
    async read(streamId) {
      if (isActive(streamId)) return null;
      watched.set(streamId, now());
      const reading = known.get(streamId) ?? readRecording(storage, recordingPrefix(streamId));
      known.delete(streamId);
      known.set(streamId, reading);
      if (known.size > MAX_READ) known.delete(known.keys().next().value!);
      try {
        const recording = await reading;
        if (recording === null && known.get(streamId) === reading) known.delete(streamId);
        return recording;
      } catch (error) {
        known.delete(streamId);
        throw error;
      }
    },
    access(streamId) {
      const cached = accesses.get(streamId);
      if (cached !== undefined && cached.until > now()) return cached.found;
      accesses.delete(streamId);
      if (accesses.size > MAX_ACCESS) accesses.delete(accesses.keys().next().value!);
      const found = register.access(streamId).catch(() => null);
      accesses.set(streamId, { found, until: now() + ACCESS_TTL });
      return found;
    },
    remove,
    async recover() {
      const inUse = new Set([...active.values()].map(({ prefix }) => prefix));
      for (const name of await scratch.folders(SCRATCH))
        if (!inUse.has(`${SCRATCH}${name}/`)) await scratch.remove(`${SCRATCH}${name}/`);
      await checkAll();
      return finishOthers();
    },
    sweep: sweepOnce,
    get stats() {
      let [written, queuedBytes] = [pastWritten, 0];
      for (const { recorder } of active.keys()) {
        written += recorder.written;
        queuedBytes += recorder.queuedBytes;
      }
      return { active: active.size, written, queuedBytes, free: free.get(storage) ?? null };
    },
    async stop() {
      await Promise.all(endings);
      closed = true;
      await options.downloads?.stop();
      for (const timer of intervals) clearInterval(timer);
      await sweeping?.catch(() => {});
      for (const [timer, leave] of timers) {
        clearTimeout(timer);
        leave();
      }
      timers.clear();
    },
  };
}

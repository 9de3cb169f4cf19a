/** What the database knows of recordings, and the order to remove one. */
import {
  type Bus,
  type Database,
  type Log,
  publishStreamChange,
  queries,
  RECORDING_REMOVAL,
  viewersSet,
} from "@streamhub/db";
import { ms } from "../bytes/units.ts";
import type { RecordingRegister } from "../live/ports.ts";

export interface RecordingRegisterOptions {
  readonly db: Database;
  readonly bus: Bus;
  /** Of the gate. */
  readonly nodeId: string;
}

/** What another node has not finished for so long it will not. */
const LONG_OVER = 3_600_000;

export function makeRecordingRegister({ db, bus, nodeId }: RecordingRegisterOptions): RecordingRegister {
  /** Pages show it, or cease to. `before`: as it was, where it is gone now. */
  async function tell(streamId: number, before?: queries.RecordingAccess | null): Promise<void> {
    const found = before ?? (await queries.recordingAccess(db, streamId));
    if (found !== null) await publishStreamChange(bus, "stream.updated", found);
  }
  const quietly = (told: Promise<void>): void => void told.catch(() => {});

  return {
    begun: (streamId) => queries.beginRecording(db, streamId, nodeId),
    async stopped(streamId, reason) {
      await queries.stopRecording(db, streamId, reason);
      quietly(tell(streamId));
    },
    async finished(streamId, { seconds, size }) {
      const length = { duration: Math.floor(seconds), size, ingestNode: nodeId };
      const isThere = await queries.finishRecording(db, streamId, length);
      if (isThere) quietly(tell(streamId));
      return isThere;
    },
    async forgotten(streamId) {
      const before = await queries.recordingAccess(db, streamId);
      await queries.forgetRecording(db, streamId);
      if (before !== null) quietly(tell(streamId, before));
    },
    access: (streamId) => queries.recordingAccess(db, streamId),
    async unfinished() {
      const mine = await queries.unfinishedRecordings(db, { node: nodeId });
      return [...new Set([...mine, ...(await queries.unfinishedRecordings(db, { overFor: LONG_OVER }))])];
    },
    orphans: (streamIds) => queries.orphanedRecordings(db, streamIds),
    async finishedOf(streamIds) {
      const found = await queries.finishedRecordings(db, streamIds);
      return found.map(({ streamId, endedAt, size }) => ({ streamId, endedAt: ms(endedAt.getTime()), size }));
    },
    isWatched: async (streamId) => (await bus.presence.count(viewersSet(streamId))) > 0,
  };
}

export interface RemovalOptions {
  readonly bus: Bus;
  readonly remove: (streamId: number) => Promise<void>;
  readonly log: Log;
}

/** Removes recordings whose streams are deleted, as the API orders. A job that is lost is made good by the sweep. */
export async function workOnRemovals({ bus, remove, log }: RemovalOptions): Promise<void> {
  try {
    await bus.jobs.work(RECORDING_REMOVAL, async (data) => {
      const streamId = Number(data);
      if (Number.isInteger(streamId) && streamId > 0) await remove(streamId);
    });
  } catch (error) {
    log.warn(
      { code: "recording.no-jobs", error: String(error) },
      "Recordings of deleted streams are removed by the sweep alone",
    );
  }
}

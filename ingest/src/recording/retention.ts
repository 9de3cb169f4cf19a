/** Which recordings have to go: the oldest first, and never what is being watched. */
import type { Milliseconds } from "../bytes/units.ts";
import type { FinishedRecording } from "../live/ports.ts";

export interface Retention {
  /** Null: for ever. */
  readonly maxAgeDays: number | null;
  /** Of all recordings together; null: as many as there is room for. */
  readonly maxBytes: number | null;
  /** Free bytes of the storage below which nothing is written any more. */
  readonly minFreeBytes: number;
  /** Free bytes of the storage for which old recordings are removed; null: none is. */
  readonly keepFreeBytes: number | null;
}

export const DEFAULT_RETENTION: Retention = {
  maxAgeDays: null,
  maxBytes: null,
  minFreeBytes: 2 * 1024 ** 3,
  keepFreeBytes: null,
};

export type RemovalCause = "age" | "size" | "free-space";

export interface Removal {
  readonly streamId: number;
  readonly cause: RemovalCause;
}

const DAY = 86_400_000;

/** `recordings`: oldest first. `free`: bytes, null where nobody knows. */
export function removals(
  recordings: readonly FinishedRecording[],
  { maxAgeDays, maxBytes, keepFreeBytes }: Retention,
  now: Milliseconds,
  free: number | null,
  isWatched: (streamId: number) => boolean,
): Removal[] {
  let total = recordings.reduce((sum, { size }) => sum + size, 0);
  let room = free ?? Number.POSITIVE_INFINITY;
  return recordings.flatMap(({ streamId, endedAt, size }): Removal[] => {
    const cause = why(endedAt);
    if (cause === null || isWatched(streamId)) return [];
    total -= size;
    room += size;
    return [{ streamId, cause }];
  });

  function why(endedAt: number): RemovalCause | null {
    if (maxAgeDays !== null && now - endedAt > maxAgeDays * DAY) return "age";
    if (maxBytes !== null && total > maxBytes) return "size";
    return keepFreeBytes !== null && room < keepFreeBytes ? "free-space" : null;
  }
}

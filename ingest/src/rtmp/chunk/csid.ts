import { MAX_CSID, MIN_CSID } from "./header.ts";

/** Chunk stream ids that this implementation sends on. Receivers must not depend on them; these are the customary ones. */
export const Csid = { protocolControl: 2, command: 3, data: 4, audio: 5, video: 6 } as const;

/** A wrong id here is our bug, not the peer's. */
export function assertCsid(csid: number): void {
  if (!Number.isInteger(csid) || csid < MIN_CSID || csid > MAX_CSID) throw new RangeError(`chunk stream id ${csid}`);
}

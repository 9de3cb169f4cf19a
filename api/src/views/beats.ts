/**
 * Heartbeats on their way to the database: added up here, one entry for each session, written together. What could not be written stays and is
 * added to what comes meanwhile, so an outage costs no watch time.
 */
import { type Database, queries } from "@streamhub/db";

/** A silence is worth no more than this: three heartbeats that did not arrive. Milliseconds. */
export const SILENCE_CAP = 30_000;
/** Of one statement. */
const MAX_ROWS = 5_000;
const MAX_PENDING = 200_000;

type Sum = { -readonly [K in keyof queries.Beat]: queries.Beat[K] };

export interface Heard {
  readonly id: number;
  readonly streamId: number;
  readonly at: number;
  /** False: paused since the last heartbeat. */
  readonly playing: boolean;
  readonly position: number | null;
  readonly visitor: string | null;
  readonly over: boolean;
}

export interface Beats {
  /** False: no room, it is lost. */
  add(heard: Heard): boolean;
  /** A session that was to end goes on. */
  goOn(id: number): void;
  /** Writes what is there. Throws DatabaseError; then all of it is still there. */
  flush(): Promise<void>;
  /** Sessions with something that is not written yet. */
  readonly size: number;
  /** Statements so far. */
  readonly writes: number;
}

const between = (earlier: Sum, later: Sum) =>
  later.idle ? 0 : Math.max(0, Math.min(later.first - earlier.at, SILENCE_CAP));

/** `later` came after `earlier`; a clock that went back does not make time. */
function join(earlier: Sum, later: Sum): void {
  earlier.between += between(earlier, later) + later.between;
  earlier.at = Math.max(earlier.at, later.at);
  earlier.position = later.position ?? earlier.position;
  earlier.visitor = later.visitor ?? earlier.visitor;
  earlier.over ||= later.over;
}

/** `onOver`: the database says that these sessions are over, or gone with their stream. */
export function makeBeats(db: Database, onOver: (ids: readonly number[]) => void): Beats {
  let pending = new Map<number, Sum>();
  let flushing: Promise<void> | null = null;
  /** Sessions in the statement that is under way and those that follow. */
  let underWay = 0;
  let writes = 0;

  /** Puts back what was not written, before what has come since. */
  function keep(sums: readonly Sum[]): void {
    for (const sum of sums) {
      const since = pending.get(sum.id);
      if (since !== undefined) join(sum, since);
      pending.set(sum.id, sum);
    }
  }

  async function write(): Promise<void> {
    const sums = [...pending.values()];
    pending = new Map();
    underWay = sums.length;
    for (let from = 0; from < sums.length; from += MAX_ROWS) {
      const part = sums.slice(from, from + MAX_ROWS);
      try {
        writes++;
        const { busy, over } = await queries.writeBeats(db, part, SILENCE_CAP);
        underWay -= part.length;
        if (over.length > 0) onOver(over);
        if (busy.length === 0) continue;
        const again = new Set(busy);
        keep(part.filter(({ id }) => again.has(id)));
      } catch (error) {
        underWay = 0;
        keep(sums.slice(from));
        throw error;
      }
    }
  }

  return {
    add({ at, playing, ...heard }) {
      const known = pending.get(heard.id);
      if (known === undefined && pending.size >= MAX_PENDING) return false;
      const sum = { ...heard, first: at, at, between: 0, idle: !playing };
      if (known === undefined) pending.set(heard.id, sum);
      else join(known, sum);
      return true;
    },
    goOn(id) {
      const known = pending.get(id);
      if (known !== undefined) known.over = false;
    },
    flush() {
      flushing ??= write().finally(() => {
        flushing = null;
      });
      return flushing;
    },
    get size() {
      return pending.size + underWay;
    },
    get writes() {
      return writes;
    },
  };
}

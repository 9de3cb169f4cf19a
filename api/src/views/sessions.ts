/** The viewing sessions that this process has heard of lately, so that a heartbeat reads no database. */
import type { queries } from "@streamhub/db";

const MAX_SESSIONS = 200_000;

export interface Session {
  readonly id: number;
  readonly sessionId: string;
  readonly streamId: number;
  readonly startedAt: number;
  readonly streamStartedAt: number;
  readonly streamEndedAt: number | null;
  ended: boolean;
  /** Cookie that the viewer was last seen with; null: none. */
  cookie: string | null;
  /** Hash of that cookie, or of address and program: a session keeps neither. 0: not seen yet. */
  from: number | bigint;
  /** The name on the bus that goes with it. */
  member: string | null;
  /** When the viewer was last said to be there. */
  toldAt: number;
}

/** As the database has it; nobody was seen with it yet. */
export const sessionOf = ({ endedAt, ...row }: queries.ViewSession): Session => ({
  ...row,
  ended: endedAt !== null,
  cookie: null,
  from: 0,
  member: null,
  toldAt: 0,
});

export interface Sessions {
  get(sessionId: string): Session | undefined;
  /** Takes the place of what was known under the same name, except for who was seen with it. */
  put(session: Session): Session;
  end(ids: readonly number[]): void;
  readonly size: number;
}

export function makeSessions(): Sessions {
  /** Oldest first; the least lately opened are forgotten, and asked of the database again. */
  const byName = new Map<string, Session>();
  const byId = new Map<number, Session>();
  return {
    get: (sessionId) => byName.get(sessionId),
    put(session) {
      const known = byName.get(session.sessionId);
      const { cookie, from, member, toldAt } = known ?? session;
      const kept = { ...session, cookie, from, member, toldAt };
      byName.delete(session.sessionId);
      byName.set(session.sessionId, kept);
      byId.set(session.id, kept);
      if (byName.size > MAX_SESSIONS) {
        const [name, oldest] = byName.entries().next().value!;
        byName.delete(name);
        byId.delete(oldest.id);
      }
      return kept;
    },
    end(ids) {
      for (const id of ids) {
        const session = byId.get(id);
        if (session !== undefined) session.ended = true;
      }
    },
    get size() {
      return byName.size;
    },
  };
}

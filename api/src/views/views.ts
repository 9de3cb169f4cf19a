/**
 * Viewing sessions of this process: what lies between thousands of heartbeats a second and a few statements. All times are this server's; a client
 * says nothing about time, only that it is still there. `startViews` writes what is gathered here once a second.
 */
import {
  type Bus,
  type Database,
  dayOf,
  deviceOf,
  isBot,
  makeViewerCookie,
  makeViewerIdentity,
  queries,
  type Viewer,
} from "@streamhub/db";
import { AppError } from "../error.ts";
import { makeAudience } from "./audience.ts";
import { makeBatches } from "./batches.ts";
import { makeBeats } from "./beats.ts";
import type { QualityReport } from "./model.ts";
import { makeQualities } from "./quality.ts";
import { makeSessions, type Session, sessionOf } from "./sessions.ts";

/** Asked of clients. Seconds. */
export const HEARTBEAT_SECONDS = 10;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
export const OPEN_RULES: queries.OpenRules = { resumeWithin: 30 * MINUTE, longest: DAY };
/** The bus is told of a viewer no more often. */
const TELL_EVERY = 5_000;
const SESSION_ID = /^[\w-]{22}$/;

export interface ViewsOptions {
  readonly db: Database;
  readonly bus: Bus;
  /** The platform's: viewers are named with it. */
  readonly secret: string;
  /** Milliseconds since 1970; default the clock. */
  readonly now?: (() => number) | undefined;
}

export interface OpenRequest {
  readonly streamId: number;
  readonly userId: number | null;
  readonly viewer: Viewer;
  /** Host name; empty for none. */
  readonly referrer: string;
}

export interface Opened {
  readonly sessionId: string;
  /** For a viewer that has brought none. */
  readonly cookie: string | null;
}

export interface Report {
  /** Seconds of the stream that is on the screen. */
  readonly position: number | null;
  /** False: paused since the last report. */
  readonly playing: boolean;
  /** It is the last one. */
  readonly over: boolean;
}

export type Outcome = "counted" | "unknown" | "ended";

export interface ViewsState {
  readonly opened: number;
  readonly heartbeats: number;
  /** Heartbeats for which there was no room. */
  readonly dropped: number;
  /** Sessions whose heartbeats wait to be written. */
  readonly pending: number;
  /** Statements that wrote heartbeats. */
  readonly writes: number;
}

export interface Views {
  /** Null when the stream is gone or has not begun. Bots get an answer and no session. */
  open(request: OpenRequest): Promise<Opened | null>;
  /** Whether a report on this session is answered at once. */
  knows(sessionId: string): boolean;
  /** Reads the database only for a session that this process does not know. */
  report(sessionId: string, viewer: Viewer, report: Report): Outcome | Promise<Outcome>;
  /** How it played. `ended`: too long ago. */
  quality(sessionId: string, report: QualityReport): Promise<Outcome>;
  /** Writes what is gathered. Throws DatabaseError; nothing is lost then. */
  flush(): Promise<void>;
  state(): ViewsState;
}

const busy = () => new AppError("server.unavailable", "Too many viewers come at once; try again.", undefined, 2);

const fromOf = ({ cookie, address, userAgent }: Viewer) => Bun.hash(cookie ?? `${address}\n${userAgent}`);

export function makeViews({ db, bus, secret, now = Date.now }: ViewsOptions): Views {
  const identity = makeViewerIdentity(secret);
  const sessions = makeSessions();
  const audience = makeAudience(bus);
  const beats = makeBeats(db, (ids) => sessions.end(ids));
  const qualities = makeQualities(db);
  const counts = { opened: 0, heartbeats: 0, dropped: 0 };

  const openings = makeBatches({
    ask: openAll,
    pause: 20,
    largest: 1_000,
    maxWaiting: 10_000,
    full: busy,
  });

  async function openAll(asked: readonly { streamId: number; view: queries.ViewToOpen }[]) {
    const found = new Map<queries.ViewToOpen, queries.ViewSession | null>();
    for (const [streamId, group] of Map.groupBy(asked, (each) => each.streamId)) {
      const requests = group.map(({ view }) => view);
      const rows = await queries.openViews(db, streamId, requests, OPEN_RULES);
      requests.forEach((request, n) => {
        found.set(request, rows[n]!);
      });
    }
    return asked.map(({ view }) => found.get(view) ?? null);
  }

  const lookups = makeBatches({
    async ask(names: readonly string[]): Promise<(Session | null)[]> {
      const rows = await queries.loadViews(db, names);
      const found = new Map(rows.map((row) => [row.sessionId, sessions.put(sessionOf(row))]));
      return names.map((name) => found.get(name) ?? null);
    },
    pause: 50,
    largest: 1_000,
    maxWaiting: 20_000,
    full: busy,
  });

  /** Who it is by what the request shows; says so on the bus now and then. */
  function see(session: Session, viewer: Viewer, at: number): void {
    if (session.streamEndedAt !== null) return;
    const { cookie } = viewer;
    // Another browser of the same user: its playlist requests count it. One that has lost its cookie is the same viewer still.
    const isOther = session.cookie !== null && cookie !== session.cookie;
    if (!isOther) {
      const from = fromOf(viewer);
      if (from !== session.from) {
        if (session.member !== null) audience.hasLeft(session.streamId, session.member);
        session.from = from;
        session.cookie = cookie;
        session.member = identity.member(viewer);
        session.toldAt = 0;
      }
    }
    if (session.member === null || at - session.toldAt < TELL_EVERY) return;
    session.toldAt = at;
    audience.isHere(session.streamId, session.member);
  }

  /** Nobody has seen more of a stream than there is; without a word, a live one is watched where it is live. */
  function positionIn({ streamStartedAt, streamEndedAt }: Session, claimed: number | null, at: number): number | null {
    const length = Math.max(0, ((streamEndedAt ?? at) - streamStartedAt) / 1_000);
    if (claimed === null) return streamEndedAt === null ? length : null;
    return Math.min(Math.max(0, claimed), length);
  }

  function count(session: Session, viewer: Viewer, { position, playing, over }: Report): Outcome {
    if (session.ended) return "ended";
    const at = now();
    const isNamed = session.cookie !== null;
    if (over) {
      if (session.member !== null && (viewer.cookie === null || viewer.cookie === session.cookie))
        audience.hasLeft(session.streamId, session.member);
      session.ended = true;
      session.toldAt = 0;
    } else see(session, viewer, at);
    counts.heartbeats++;
    const added = beats.add({
      id: session.id,
      streamId: session.streamId,
      at,
      playing,
      position: positionIn(session, position, at),
      visitor: isNamed || viewer.cookie === null ? null : identity.visitor(viewer, dayOf(session.startedAt)),
      over,
    });
    if (!added) counts.dropped++;
    return "counted";
  }

  return {
    async open({ streamId, userId, viewer, referrer }) {
      const cookie = viewer.cookie === null ? makeViewerCookie() : null;
      const first = identity.firstSession(cookie ?? viewer.cookie!, streamId);
      // One that keeps its cookie may leave, and come back much later: that is another session.
      const sessionId = cookie === null ? makeViewerCookie() : first;
      if (isBot(viewer.userAgent)) return { sessionId, cookie: null };
      const at = now();
      const visitor = identity.visitor(viewer, dayOf(at));
      // Who came yesterday and still watches has yesterday's name.
      const known = viewer.cookie === null ? [] : [visitor, identity.visitor(viewer, dayOf(at - DAY))];
      const device = deviceOf(viewer.userAgent);
      const view = { userId, sessionId, visitor, known, first: cookie === null ? first : null, device, referrer, at };
      const row = await openings({ streamId, view });
      if (row === null) return null;
      counts.opened++;
      const session = sessions.put(sessionOf(row));
      beats.goOn(session.id);
      // Without a cookie it may be seen under the new one, or go on as it is: the next request tells, and it must not count as two.
      if (viewer.cookie !== null) see(session, viewer, at);
      else if (session.streamEndedAt === null) {
        session.from = fromOf(viewer);
        session.member = identity.member(viewer);
      }
      return { sessionId: row.sessionId, cookie };
    },
    knows: (sessionId) => sessions.get(sessionId) !== undefined,
    report(sessionId, viewer, report) {
      const session = sessions.get(sessionId);
      if (session !== undefined) return count(session, viewer, report);
      if (!SESSION_ID.test(sessionId)) return "unknown";
      return lookups(sessionId).then((found) => (found === null ? "unknown" : count(found, viewer, report)));
    },
    async quality(sessionId, report) {
      const known = sessions.get(sessionId);
      const session = known ?? (SESSION_ID.test(sessionId) ? await lookups(sessionId) : null);
      if (session === null) return "unknown";
      if (now() - session.startedAt > OPEN_RULES.longest + OPEN_RULES.resumeWithin) return "ended";
      if (!qualities.add(session.streamId, report)) counts.dropped++;
      return "counted";
    },
    async flush() {
      await Promise.all([audience.flush(), beats.flush(), qualities.flush()]);
    },
    state: () => ({ ...counts, pending: beats.size, writes: beats.writes }),
  };
}

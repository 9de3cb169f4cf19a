/** Drives a ServerSession over pieces of bytes and writes down what it said, in a form that two runs can be compared by. */
import { WireError, type WireErrorCode } from "../src/bytes/wire-error.ts";
import type { HandshakeCrypto } from "../src/rtmp/handshake/crypto.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../src/rtmp/limits.ts";
import type { ServerEvent } from "../src/rtmp/session/events.ts";
import { ServerSession } from "../src/rtmp/session/server.ts";
import { seededCrypto } from "./seeded-crypto.ts";

/** The same "random" bytes for every session: making new ones would cost more than the session. */
const RANDOM = seededCrypto().randomBytes(1536);
const CRYPTO: HandshakeCrypto = { ...seededCrypto(), randomBytes: (count) => RANDOM.subarray(0, count) };

export interface RunOptions {
  readonly limits?: SessionLimits;
  readonly apps?: readonly string[] | null;
  /** How many pieces the gate takes for its answer; 0 answers at once. */
  readonly answerAfter?: number;
  readonly onEvent?: (event: ServerEvent) => void;
  readonly afterPiece?: (session: ServerSession) => void;
}

export interface Run {
  /** One line per event; media payloads by hash. */
  readonly lines: readonly string[];
  readonly code: WireErrorCode | null;
  readonly session: ServerSession;
  readonly output: Uint8Array;
}

function line(event: ServerEvent): string {
  if (event.type !== "media") return JSON.stringify(event);
  return `${event.kind} ${event.streamId} ${event.timestamp} ${event.payload.length} ${Bun.hash(event.payload)}`;
}

export function runSession(pieces: Iterable<Uint8Array>, options: RunOptions = {}): Run {
  const { limits = DEFAULT_SESSION_LIMITS, apps = null, answerAfter = 0 } = options;
  const session = new ServerSession({ crypto: CRYPTO, limits, chunkSize: 4096, apps });
  const lines: string[] = [];
  const outputs: Uint8Array[] = [];
  let pending: number | null = null;
  let patience = 0;
  let code: WireErrorCode | null = null;

  const take = (step: (events: ServerEvent[]) => void): void => {
    const events: ServerEvent[] = [];
    try {
      step(events);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      code = error.code;
    }
    for (const event of events) {
      lines.push(line(event));
      options.onEvent?.(event);
      if (event.type === "publish-requested" || event.type === "play-requested") {
        pending = event.streamId;
        patience = answerAfter;
      }
    }
  };
  const answer = (): void => {
    while (pending !== null && patience === 0 && code === null) {
      const streamId = pending;
      pending = null;
      take((events) => session.accept(streamId, events));
    }
  };

  for (const piece of pieces) {
    // A violation ends a connection, in whatever call it was found.
    if (code !== null) break;
    take((events) => session.receive(piece, events));
    answer();
    const out = session.output();
    if (out.length > 0) outputs.push(out);
    options.afterPiece?.(session);
    if (pending !== null) patience--;
    if (patience < 0) patience = 0;
    answer();
  }
  // What the gate has not answered by the end it answers now.
  while (pending !== null && code === null) {
    patience = 0;
    answer();
  }
  outputs.push(session.output());
  return { lines, code, session, output: Buffer.concat(outputs) };
}

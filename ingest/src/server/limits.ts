import { type Bytes, bytes, type Milliseconds, ms } from "../bytes/units.ts";
import type { WireErrorCode } from "../bytes/wire-error.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../rtmp/limits.ts";

/** What the RTMP listener allows. Every one has a typed close reason, counted in the metrics. */
export interface ServerLimits extends SessionLimits {
  /** Connections of RTMP and RTMPS together. */
  readonly maxConnections: number;
  /** Those of them that one address may have: a studio or mobile network may stand behind it. */
  readonly maxConnectionsPerAddress: number;
  /** Different stream keys that an address (IPv6: a /64) may fail with in a minute; further ones are refused unseen until it is over. */
  readonly maxFailedKeysPerMinute: number;
  /** From accept to the end of the handshake. */
  readonly handshakeTimeout: Milliseconds;
  /** From the handshake to an accepted publish or play, the gate's time not counted; again after each unpublish. */
  readonly setupTimeout: Milliseconds;
  /** A publisher that sends nothing for so long is gone. */
  readonly idleTimeout: Milliseconds;
  /** A publisher that is gone without having said so may come back for so long: its broadcast goes on. */
  readonly graceTime: Milliseconds;
  /** A player whose socket takes nothing for so long is gone. */
  readonly stallTimeout: Milliseconds;
  /** Bytes queued to one slow player. */
  readonly maxPlayerQueue: Bytes;
  /** How long a message to a broadcast's players may wait for the next ones, where they are many. */
  readonly playerBatchTime: Milliseconds;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  ...DEFAULT_SESSION_LIMITS,
  maxConnections: 4000,
  maxConnectionsPerAddress: 1000,
  maxFailedKeysPerMinute: 20,
  handshakeTimeout: ms(5_000),
  setupTimeout: ms(7_000),
  idleTimeout: ms(15_000),
  graceTime: ms(30_000),
  stallTimeout: ms(15_000),
  maxPlayerQueue: bytes(8 * 1024 * 1024),
  playerBatchTime: ms(40),
};

/** A limit that an operator set wrongly: `message` says which and what to change. */
export class LimitError extends Error {
  override readonly name = "LimitError";
  readonly code = "limits.invalid";
}

/** The defaults with the given ones in their place. Throws LimitError for a name that is none, or a zero. */
export function limitsWith(given: Readonly<Record<string, number>>): ServerLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_SERVER_LIMITS, name)) {
      throw new LimitError(
        `RTMP_LIMITS has no limit ${name}; it knows ${Object.keys(DEFAULT_SERVER_LIMITS).join(", ")}.`,
      );
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new LimitError(`RTMP_LIMITS: ${name} must be a whole number of at least 1.`);
    }
  }
  return { ...DEFAULT_SERVER_LIMITS, ...given };
}

/** Why a connection was closed, when it was not a WireError: the other label values of the close counter. */
export const CLOSE_REASONS = [
  "peer.closed",
  "publish.ended",
  "play.ended",
  "server.stopping",
  "limit.connections",
  "limit.connections-per-address",
  "limit.handshake-timeout",
  "limit.setup-timeout",
  "limit.idle-timeout",
  "limit.stall-timeout",
  "limit.player-queue",
  "refused.app",
  "refused.empty-name",
  "refused.name-too-long",
  "refused.unknown-key",
  "refused.inactive-user",
  "refused.already-publishing",
  "refused.stopped",
  "refused.no-room",
  "refused.draining",
  "refused.not-allowed",
  "refused.too-many-tries",
  "refused.unavailable",
  "refused.not-found",
  "refused.media",
  "publish.replaced",
  "handed-over",
  "internal.error",
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

const DECIDED = [
  "publish.ended",
  "publish.replaced",
  "server.stopping",
  "refused.media",
  "refused.not-allowed",
  "internal.error",
] as const satisfies CloseReason[];

/** Reasons that are nobody's decision: the encoder comes back by itself, soon. */
export function isLoss(reason: CloseReason | WireErrorCode): boolean {
  return !(DECIDED as readonly string[]).includes(reason);
}

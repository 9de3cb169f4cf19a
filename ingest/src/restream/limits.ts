import { type Bytes, bytes, type Milliseconds, ms } from "../bytes/units.ts";

/** What one target may cost. */
export interface RelayLimits {
  /** Each step up to the accepted publish: the name and the connection, TLS, the RTMP handshake, each command's answer. */
  readonly setupTimeout: Milliseconds;
  /** A service that takes nothing for so long while something waits for it is given up. */
  readonly stallTimeout: Milliseconds;
  /** For the last bytes of an orderly end. */
  readonly closeTimeout: Milliseconds;
  /** Bytes that wait for a slow service; beyond it media are dropped up to the next keyframe. */
  readonly maxQueue: Bytes;
  /** Live for so long, a service counts as working: the delays begin anew. */
  readonly steadyTime: Milliseconds;
}

export const DEFAULT_RELAY_LIMITS: RelayLimits = {
  setupTimeout: ms(10_000),
  stallTimeout: ms(10_000),
  closeTimeout: ms(2_000),
  maxQueue: bytes(8 * 1024 * 1024),
  steadyTime: ms(30_000),
};

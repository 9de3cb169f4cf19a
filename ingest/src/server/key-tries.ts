/** Guesses of stream keys, slowed by where they come from. */
import { createHmac, randomBytes } from "node:crypto";
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Log } from "../live/ports.ts";

export interface KeyTriesOptions {
  /** Different keys that one network may fail with in a minute. */
  readonly limit: number;
  /** What one customer of a provider has, of an address. */
  readonly networkOf: (address: string) => string;
  /** A clock that does not go back. */
  readonly now: () => Milliseconds;
  readonly log: Log;
}

export interface KeyTries {
  /** False: too many have failed from there; this one is not even looked at. Keys that were good lately always are. */
  mayTry(address: string, key: string): boolean;
  failed(address: string, key: string): void;
  succeeded(key: string): void;
}

interface Tries {
  readonly since: Milliseconds;
  readonly keys: Set<string>;
  isTold: boolean;
}

const WINDOW = ms(60_000);
/** Networks that are remembered; the one that began longest ago is forgotten first. */
const MAX_NETWORKS = 4_096;
/** Keys that were good: who has one can't be kept out by others behind the same address. */
const MAX_GOOD = 10_000;
const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** The same key again is one guess: an encoder that goes on with an old one keeps nobody out. Nothing is counted of this machine itself. */
export function makeKeyTries({ limit, networkOf, now, log }: KeyTriesOptions): KeyTries {
  const byNetwork = new Map<string, Tries>();
  const good = new Set<string>();
  // Keys are not kept as they are, not even wrong ones: they may be another server's.
  const secret = randomBytes(32);
  const hash = (key: string): string => createHmac("sha256", secret).update(key).digest("base64url").slice(0, 16);

  /** Those of the minute that goes on. */
  function triesOf(network: string): Tries | undefined {
    const tries = byNetwork.get(network);
    if (tries === undefined || now() - tries.since < WINDOW) return tries;
    byNetwork.delete(network);
    return undefined;
  }

  return {
    mayTry(address, key) {
      if (LOOPBACK.test(address)) return true;
      const tries = triesOf(networkOf(address));
      if (tries === undefined || tries.keys.size < limit || good.has(hash(key))) return true;
      if (!tries.isTold) {
        tries.isTold = true;
        log.warn(
          { code: "publish.too-many-tries", address },
          "Stream keys are guessed; further ones are not looked at for a minute",
        );
      }
      return false;
    },
    failed(address, key) {
      if (LOOPBACK.test(address)) return;
      const network = networkOf(address);
      const tries = triesOf(network) ?? { since: now(), keys: new Set(), isTold: false };
      byNetwork.set(network, tries);
      if (tries.keys.size < limit) tries.keys.add(hash(key));
      if (byNetwork.size > MAX_NETWORKS) byNetwork.delete(byNetwork.keys().next().value!);
    },
    succeeded(key) {
      const id = hash(key);
      good.delete(id);
      good.add(id);
      if (good.size > MAX_GOOD) good.delete(good.keys().next().value!);
    },
  };
}

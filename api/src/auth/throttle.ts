/**
 * How often a password may be guessed. Counted by account and by network, and so that nobody can lock an owner out of an account:
 * - a browser that holds a session of the account, running or over, has tries of its own;
 * - a network that the account has been used from has its own too;
 * - only strangers, all together, share what is left, which an attack from many networks may use up: for strangers.
 * A name that no account has is counted like any other, or the answers would tell which names there are.
 */
import { createHash } from "node:crypto";
import type { Bus } from "@streamhub/db";
import { AppError } from "../error.ts";

const MINUTE = 60_000;

/** Wrong passwords of one name, from one network or with one session. */
export const TRIES = { limit: 10, window: 15 * MINUTE };
/** Wrong passwords of one name from networks that its account does not know, all together. */
export const STRANGERS = { limit: 100, window: 60 * MINUTE };
/** Wrong passwords from one network, whatever the names, for accounts that do not know it. Many people may share one address. */
export const NETWORK = { limit: 100, window: 15 * MINUTE };

const REGISTRATIONS_PER_MINUTE = { limit: 20, window: MINUTE };
const REGISTRATIONS_PER_DAY = { limit: 200, window: 24 * 60 * MINUTE };

export interface Attempt {
  /** What names the account: as it is written there, or as it was typed if there is none. */
  readonly name: string;
  readonly network: string;
  /** Whether the account has been used from this network. */
  readonly known: boolean;
  /** A session of this account that the browser proves. */
  readonly sessionId: number | null;
}

export interface Throttle {
  /** Throws `limit.exceeded` when a password may not be tried now; counts nothing. */
  ask(attempt: Attempt): Promise<void>;
  /** The same, and counts the try against those from the same network or session. To be called right before it. */
  count(attempt: Attempt): Promise<void>;
  /** Counts it against all who share the network or the name. */
  failed(attempt: Attempt): Promise<void>;
  succeeded(attempt: Attempt): Promise<void>;
  /** Counts a registration. Throws `limit.exceeded`. */
  register(network: string): Promise<void>;
}

/** Names are e-mail addresses too: the bus need not know them. */
export const keyOf = (name: string) => createHash("sha256").update(name.toLowerCase()).digest("base64url").slice(0, 22);

export function makeThrottle({ limits }: Pick<Bus, "limits">): Throttle {
  const refuse = (retryAfter: number, detail: string) =>
    new AppError("limit.exceeded", detail, undefined, Math.max(1, retryAfter / 1_000));

  const own = ({ name, network, sessionId }: Attempt) =>
    sessionId === null ? `login:pair:${keyOf(name)}:${network}` : `login:session:${sessionId}`;

  /** What is counted when a password was wrong, so that nobody's right one costs others a try. */
  const shared = ({ name, network, known, sessionId }: Attempt) => [
    ...(sessionId === null ? [{ key: `login:network:${network}`, rule: NETWORK, exempt: known }] : []),
    ...(sessionId === null && !known
      ? [{ key: `login:strangers:${keyOf(name)}`, rule: STRANGERS, exempt: false }]
      : []),
  ];

  async function pass(attempt: Attempt, cost: 0 | 1): Promise<void> {
    const rules = shared(attempt).filter(({ exempt }) => !exempt);
    for (const { key, rule, price } of [
      ...rules.map((each) => ({ ...each, price: 0 })),
      { key: own(attempt), rule: TRIES, price: cost },
    ]) {
      const { allowed, retryAfter } = await limits.hit(key, rule, price);
      if (!allowed) throw refuse(retryAfter, "Too many wrong passwords.");
    }
  }

  return {
    ask: (attempt) => pass(attempt, 0),
    count: (attempt) => pass(attempt, 1),
    async failed(attempt) {
      for (const { key, rule } of shared(attempt)) await limits.hit(key, rule);
    },
    // Shared counts stay: with an account of one's own, one could otherwise go on guessing others' for ever.
    succeeded: (attempt) => limits.reset(own(attempt)),
    async register(network) {
      for (const [key, rule] of [
        [`register:day:${network}`, REGISTRATIONS_PER_DAY],
        [`register:minute:${network}`, REGISTRATIONS_PER_MINUTE],
      ] as const) {
        const { allowed, retryAfter } = await limits.hit(key, rule);
        if (!allowed) throw refuse(retryAfter, "Too many registrations from this network.");
      }
    },
  };
}

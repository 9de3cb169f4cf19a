/**
 * What the processes of one platform tell each other and keep for a short time: one contract, two adapters (Redis | in-process).
 * Nothing in it is the only copy of anything that must last: PostgreSQL has that. All times are milliseconds, all values are text
 * (JSON where they have a shape). Names are made of `:`-separated words, such as `viewers:17`.
 *
 * While Redis is away, reads answer as if nothing were known (`get` null, `count` 0), limits count in each process by itself, writes are dropped and
 * counted; nothing throws except `jobs.add`, which then throws BusError, while `locks.acquire` gives null. It recovers by itself, subscriptions included.
 */
export interface Bus {
  readonly kind: "redis" | "in-process";
  readonly cache: BusCache;
  readonly limits: BusLimits;
  readonly presence: BusPresence;
  readonly counters: BusCounters;
  readonly locks: BusLocks;
  readonly events: BusEvents;
  readonly jobs: BusJobs;
  /** For metrics and diagnostics. */
  state(): BusState;
  /** Resolves when the bus answers; rejects with BusError when it is away. For `/api/ready`. */
  ping(): Promise<void>;
  /** Ends subscriptions, workers and connections; bounded by 5 s. Idempotent. */
  close(): Promise<void>;
}

export interface BusState {
  readonly up: boolean;
  /** Writes that were lost because the bus was away or full, since the start. */
  readonly dropped: number;
  /** Times that a connection which had been there went away. */
  readonly outages: number;
}

export class BusError extends Error {
  override readonly name = "BusError";
  constructor(
    readonly code: "bus.unavailable" | "bus.bad-url" | "bus.closed" | "bus.full",
    message: string,
  ) {
    super(message);
  }
}

/** Live state and what was expensive to read. Bounded: the in-process adapter forgets the oldest entries first. */
export interface BusCache {
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttl: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/** A key is always asked with the same rule. */
export interface LimitRule {
  /** Hits allowed within any `window`. */
  readonly limit: number;
  readonly window: number;
}

export interface LimitResult {
  readonly allowed: boolean;
  readonly remaining: number;
  /** When the same hit would be allowed, if nobody else hits meanwhile; 0 when it is now. */
  readonly retryAfter: number;
}

/** Rate limits: a sliding window (never more than `limit` within any window); refused hits do not count. */
export interface BusLimits {
  /** Counts `cost` (default 1; 0 only asks). */
  hit(key: string, rule: LimitRule, cost?: number): Promise<LimitResult>;
  /** Forgets a key, such as failed logins after a good one. */
  reset(key: string): Promise<void>;
}

/** Who is there right now: members that were touched within their time to live. A set takes 200,000 members at most. */
export interface BusPresence {
  /** Touches many members of many sets in one round trip. */
  touch(entries: readonly PresenceEntry[]): Promise<void>;
  leave(set: string, member: string): Promise<void>;
  count(set: string): Promise<number>;
  /** Counts in the order of the sets given. */
  countAll(sets: readonly string[]): Promise<number[]>;
}

export interface PresenceEntry {
  readonly set: string;
  readonly member: string;
  readonly ttl: number;
}

/** Sums on their way to PostgreSQL, from all processes: added often, taken in batches. */
export interface BusCounters {
  /** Adds to fields of a hash. */
  add(name: string, increments: Readonly<Record<string, number>>): Promise<void>;
  /** Takes all fields away and returns them, so that each increment is given to exactly one taker. */
  take(name: string): Promise<Readonly<Record<string, number>>>;
}

export interface BusLocks {
  /** Null when another holder has it (or the bus is away). The lock ends by itself after `ttl`; `renew` prolongs it, false when it was lost. */
  acquire(name: string, ttl: number): Promise<BusLock | null>;
}

export interface BusLock {
  renew(ttl: number): Promise<boolean>;
  release(): Promise<void>;
}

/** One event of a topic, as all subscribers see it. */
export interface BusEvent {
  /** `number-number`, grows within a topic (`isLater` compares two); "" when the event is not kept. */
  readonly id: string;
  readonly topic: string;
  /** JSON. */
  readonly data: string;
}

export interface BusEvents {
  /** To all subscribers of all processes. The last events of a topic (1,000, at most an hour) are kept for those who reconnect. */
  publish(topic: string, data: string): Promise<void>;
  /**
   * The handler gets later events, in order, each once; what was kept while Redis was out of reach is delivered after it is back.
   * It must not throw. Returns the way to end the subscription. `subscribeFrom` adds what was published before.
   */
  subscribe(topics: readonly string[], handler: (event: BusEvent) => void): Promise<() => Promise<void>>;
  /** Kept events of a topic after an id, oldest first; null when that id is no longer known, so that something may be missing. */
  since(topic: string, after: string): Promise<readonly BusEvent[] | null>;
  /** For samples that are worth nothing later: not kept, no id to resume from (`id` is ""). */
  notify(topic: string, data: string): Promise<void>;
}

/**
 * Small jobs, done by whichever process takes them; tried again with growing waits, ten times in all, when they throw. BullMQ on Redis.
 * A job whose process dies half-way is done again, so a handler must bear that. Waits and intervals are kept to about a second.
 */
export interface BusJobs {
  /**
   * `id`: a second job with the id of a waiting one (one that is to be tried again included) is not added; while one with that id is being
   * done, one more may wait.
   */
  add(name: string, data: string, options?: JobOptions): Promise<void>;
  /** Repeats a job with empty data: one run per interval in all processes together. Called again, it sets the interval. */
  every(name: string, interval: number): Promise<void>;
  /** Does the jobs of a name, one at a time in this process. Called again, it replaces the handler. */
  work(name: string, handler: JobHandler): Promise<void>;
}

export interface JobOptions {
  readonly id?: string;
  readonly delay?: number;
}

export type JobHandler = (data: string) => Promise<void>;

export const JOB_ATTEMPTS = 10;
export const RETRY_DELAY = 1_000;
const MAX_RETRY_DELAY = 60_000;

/** How long a job waits after its nth failed attempt (1, 2, …). */
export const retryDelay = (attempt: number, first: number): number =>
  Math.min(first * 2 ** (attempt - 1), MAX_RETRY_DELAY);

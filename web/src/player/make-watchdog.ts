/**
 * Watches the clock of the video, because that is what the viewer sees: an engine may report an error and play on, or report nothing and stand still.
 * Pure bookkeeping over samples: the caller owns the timer.
 */
export interface Sample {
  /** `performance.now()` of the sample. */
  readonly at: number;
  readonly currentTime: number;
  /** The viewer paused, or nothing is loaded: standing still is right. */
  readonly resting: boolean;
  /** Nothing has played yet: a first picture takes longer than a next one. */
  readonly starting?: boolean;
}

export type Verdict =
  | { readonly kind: "ok" }
  | { readonly kind: "progress" }
  | { readonly kind: "stall"; readonly attempt: number; readonly rebuild: boolean }
  | { readonly kind: "waiting" };

/** A rebuffer shorter than this is the engine's own business. */
const STALL_MS = 4000;
/** Before the first picture an attempt would only throw away what is on its way. */
const START_MS = 10_000;
/** Pauses between attempts; the last one repeats. Spread, so that a restarted server does not meet all its viewers at once. */
const RETRY_MS = [1000, 2000, 4000, 8000] as const;
/** From this attempt on, every second one starts a new engine: whatever the old one is stuck in is gone then. */
const REBUILD_FROM = 3;

export interface Watchdog {
  /** Judges one sample; call it about four times a second. */
  look(sample: Sample): Verdict;
  /** The engine gave up: don't wait for the stall to show. */
  hurry(): void;
  /** A new source: the clock starts over. */
  reset(): void;
}

export function makeWatchdog(random: () => number = Math.random): Watchdog {
  let lastTime = -1;
  let stillSince: number | null = null;
  let attempts = 0;
  let nextAttempt = 0;
  let hurried = false;

  function rest(): void {
    stillSince = null;
    attempts = 0;
    hurried = false;
  }

  return {
    look({ at, currentTime, resting, starting = false }) {
      const moved = currentTime !== lastTime;
      lastTime = currentTime;
      if (resting || moved || stillSince === null) {
        const progressed = moved && !resting && currentTime > 0;
        rest();
        stillSince = at;
        return { kind: progressed ? "progress" : "ok" };
      }
      if (attempts === 0) {
        if (!hurried && at - stillSince < (starting ? START_MS : STALL_MS)) return { kind: "ok" };
      } else if (at < nextAttempt) return { kind: "waiting" };
      const pause = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)] ?? 0;
      attempts += 1;
      nextAttempt = at + pause * (0.8 + 0.4 * random());
      return {
        kind: "stall",
        attempt: attempts,
        rebuild: attempts >= REBUILD_FROM && (attempts - REBUILD_FROM) % 2 === 0,
      };
    },
    hurry: () => {
      hurried = true;
    },
    reset: () => {
      lastTime = -1;
      rest();
    },
  };
}

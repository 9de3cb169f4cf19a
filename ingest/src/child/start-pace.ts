/** Spreads the starts of costly children over time, in the order in which they were asked for. */
export interface StartPace {
  /** Calls `start` when its turn has come: at once, where few have started lately. The result gives the turn up. */
  inTurn(start: () => void): () => void;
  /** How many wait. */
  readonly waiting: number;
}

export interface StartPaceOptions {
  /** Starts at once after a pause. */
  readonly burst: number;
  /** Milliseconds between the ones after that. */
  readonly interval: number;
  /** Milliseconds. */
  readonly now?: () => number;
}

export function makeStartPace({ burst, interval, now = () => performance.now() }: StartPaceOptions): StartPace {
  const waiting = new Set<() => void>();
  let timer: Timer | null = null;
  /** When the starts so far are paid for (generic cell rate algorithm): one is let in when that is less than a burst ahead. */
  let paidAt = Number.NEGATIVE_INFINITY;

  const wait = () => paidAt - (burst - 1) * interval - now();

  function pay(): void {
    paidAt = Math.max(paidAt, now()) + interval;
  }

  function arm(): void {
    if (timer !== null || waiting.size === 0) return;
    timer = setTimeout(next, Math.max(1, Math.ceil(wait())));
  }

  function next(): void {
    timer = null;
    const [start] = waiting;
    const isTime = start !== undefined && wait() <= 0;
    if (isTime) {
      waiting.delete(start);
      pay();
    }
    arm();
    if (isTime) start();
  }

  return {
    inTurn(start) {
      if (waiting.size === 0 && wait() <= 0) {
        pay();
        start();
        return () => {};
      }
      // A closure of its own: the same function may wait twice.
      const turn = () => start();
      waiting.add(turn);
      arm();
      return () => {
        waiting.delete(turn);
      };
    },
    get waiting() {
      return waiting.size;
    },
  };
}

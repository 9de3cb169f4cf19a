/** When to read again after an event. An answer may have been kept for a second by a cache on the way, so it is read once more a little later. */
export interface Rereading {
  /** Something has changed. */
  soon(): void;
  /** Events may be missing: many are told so at once, and should not all come at once. */
  someday(): void;
  stop(): void;
}

const AGAIN_MS = 1_300;
const SPREAD_MS = 2_000;

export function makeRereading(read: () => void, random: () => number = Math.random): Rereading {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (pause: number) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      read();
    }, pause);
    timers.add(timer);
  };
  const stop = () => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  };
  return {
    soon() {
      stop();
      read();
      later(AGAIN_MS);
    },
    someday() {
      if (timers.size === 0) later(SPREAD_MS * random());
    },
    stop,
  };
}

/** Calls each of many at its time, within the tick of its timer, at a cost that does not grow with those that are not due: a wheel of quarter milliseconds. */

export interface Paced {
  /** On performance.now's clock. */
  due: number;
}

export interface Pacer<T extends Paced> {
  /** `item.due` says when; it is called once and must be added again. */
  add(item: T): void;
  stop(): void;
}

/** Finer than the timer: nobody waits a tick more because its slot ends later than its time. */
const PER_MS = 4;
const SLOTS = 4_096 * PER_MS;

export function startPacer<T extends Paced>(onDue: (item: T) => void, tickMs = 1): Pacer<T> {
  const wheel: T[][] = Array.from({ length: SLOTS }, () => []);
  let last = Math.floor(performance.now() * PER_MS);
  const add = (item: T): void => {
    wheel[Math.max(last + 1, Math.ceil(item.due * PER_MS)) % SLOTS]!.push(item);
  };
  const timer = setInterval(() => {
    const until = Math.floor(performance.now() * PER_MS);
    for (let at = Math.max(last + 1, until - SLOTS + 1); at <= until; at++) {
      const items = wheel[at % SLOTS]!;
      if (items.length === 0) continue;
      wheel[at % SLOTS] = [];
      last = Math.max(last, at);
      for (const item of items) {
        // More than a turn of the wheel away.
        if (item.due * PER_MS > until) add(item);
        else onDue(item);
      }
    }
    last = until;
  }, tickMs);
  return { add, stop: () => clearInterval(timer) };
}

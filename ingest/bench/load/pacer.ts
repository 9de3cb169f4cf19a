/** Calls each of many at its time, within a millisecond, at a cost that does not grow with those that are not due: a wheel of milliseconds. */

export interface Paced {
  /** On performance.now's clock. */
  due: number;
}

export interface Pacer<T extends Paced> {
  /** `item.due` says when; it is called once and must be added again. */
  add(item: T): void;
  stop(): void;
}

const SLOTS = 4_096;

export function startPacer<T extends Paced>(onDue: (item: T, now: number) => void, tickMs = 1): Pacer<T> {
  const wheel: T[][] = Array.from({ length: SLOTS }, () => []);
  let last = Math.floor(performance.now());
  const slotOf = (millisecond: number): number => millisecond % SLOTS;
  const add = (item: T): void => {
    wheel[slotOf(Math.max(last + 1, Math.ceil(item.due)))]!.push(item);
  };
  const timer = setInterval(() => {
    const now = performance.now();
    const until = Math.floor(now);
    for (let at = Math.max(last + 1, until - SLOTS + 1); at <= until; at++) {
      const items = wheel[slotOf(at)]!;
      if (items.length === 0) continue;
      wheel[slotOf(at)] = [];
      last = Math.max(last, at);
      for (const item of items) {
        // More than a turn of the wheel away.
        if (item.due > now) add(item);
        else onDue(item, now);
      }
    }
    last = until;
  }, tickMs);
  return { add, stop: () => clearInterval(timer) };
}

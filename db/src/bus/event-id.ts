/** Ids of events: `milliseconds-number`, as Redis streams make them, compared as numbers. */
const ID = /^(\d{1,16})-(\d{1,16})$/;

export const isEventId = (text: string): boolean => ID.test(text);

/** Whether an event of a topic came after another one. */
export function isLater(id: string, than: string): boolean {
  const [a, b] = [ID.exec(id), ID.exec(than)];
  if (a === null || b === null) return false;
  const [time, other] = [Number(a[1]), Number(b[1])];
  return time === other ? Number(a[2]) > Number(b[2]) : time > other;
}

export const KEPT_EVENTS = 1_000;
export const KEPT_FOR = 3_600_000;

/** A client that was away for longer than events are kept has missed some, whatever else is still there. */
export const isTooOld = (id: string, now: number): boolean => Number(ID.exec(id)?.[1] ?? 0) < now - KEPT_FOR;

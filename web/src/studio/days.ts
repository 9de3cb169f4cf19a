/** Ranges of days, and how their numbers compare. */
/** Days of UTC, both of them in it. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;
const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** Today and as many days before it as are missing. */
export const lastDays = (days: number, now = Date.now()): Range => ({
  from: dayOf(now - (days - 1) * DAY_MS),
  to: dayOf(now),
});

/** How a number stands to the one before: the share of the difference; null where there was nothing. */
export const changeOf = (now: number, before: number): number | null => (before === 0 ? null : now / before - 1);

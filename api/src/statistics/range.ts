/** Ranges of days, as statistics are asked for: `?from=&to=`, YYYY-MM-DD in UTC, both days included. */
import { AppError, type FieldError } from "../error.ts";

export const DEFAULT_DAYS = 30;
export const MAX_DAYS = 400;
const DAY = 86_400_000;
/** Days before the first and after the last have no statistics and make no sense in a database. */
const [FIRST, LAST] = ["2000-01-01", "2999-12-31"];

export interface DayRange {
  readonly from: string;
  readonly to: string;
}

export interface RangeQuery {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const timeOf = (day: string): number => Date.parse(`${day}T00:00:00Z`);
const addDays = (day: string, days: number): string => new Date(timeOf(day) + days * DAY).toISOString().slice(0, 10);

/** A lenient reader makes the 2nd of March of the 30th of February. */
function isDay(day: string): boolean {
  const time = /^\d{4}-\d\d-\d\d$/.test(day) ? timeOf(day) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) && day >= FIRST && day <= LAST;
}

/** All days of a range, in order. */
export function daysOf({ from, to }: DayRange): string[] {
  const days: string[] = [];
  for (let time = timeOf(from); time <= timeOf(to); time += DAY) days.push(new Date(time).toISOString().slice(0, 10));
  return days;
}

/** As many days, right before. */
export function previousOf(range: DayRange): DayRange {
  const to = addDays(range.from, -1);
  return { from: addDays(to, 1 - daysOf(range).length), to };
}

/** Without `to` it ends today, without `from` it has 30 days. Throws `request.invalid` with the field. */
export function rangeOf(query: RangeQuery, now: number): DayRange {
  const errors: FieldError[] = [];
  const wrong = (field: "from" | "to", message: string) => errors.push({ field, in: "query", message });
  for (const field of ["from", "to"] as const)
    if (query[field] !== undefined && !isDay(query[field]))
      wrong(field, `Expected a day as YYYY-MM-DD, from ${FIRST} to ${LAST}`);
  if (errors.length > 0) throw new AppError("request.invalid", undefined, errors);
  const to = query.to ?? new Date(now).toISOString().slice(0, 10);
  const from = query.from ?? addDays(to, 1 - DEFAULT_DAYS);
  if (from > to) wrong("from", `Expected a day that is not after ${query.to === undefined ? "today" : "to"}`);
  else if (timeOf(to) - timeOf(from) >= MAX_DAYS * DAY)
    wrong(query.from === undefined ? "to" : "from", `Expected a range of at most ${MAX_DAYS} days`);
  if (errors.length > 0) throw new AppError("request.invalid", undefined, errors);
  return { from, to };
}

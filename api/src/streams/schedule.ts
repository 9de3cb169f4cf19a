/** When a planned stream is to begin. */
import { AppError } from "../error.ts";

/** Clocks differ, and forms are filled in slowly. */
const LATE = 5 * 60_000;
const FURTHEST = 2 * 365 * 24 * 3_600_000;

const wrong = (message: string) =>
  new AppError("request.invalid", undefined, [{ field: "/scheduledFor", in: "body", message }]);

/** `undefined`: not given; `null`: at no particular time. Throws `request.invalid`. */
export function scheduledTime(text: string | null | undefined, now: number): Date | null | undefined {
  if (text === null || text === undefined) return text;
  const time = Date.parse(text);
  // A date-time by its form need not be one, and a lenient reader makes the 2nd of March of the 30th of February.
  const day = text.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  const exists = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
  if (Number.isNaN(time) || !exists) throw wrong("Expected a date and a time, with a time zone");
  if (time < now - LATE) throw wrong("Expected a time that is not in the past");
  if (time > now + FURTHEST) throw wrong("Expected a time within two years");
  return new Date(time);
}

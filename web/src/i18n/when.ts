/** Moments and lengths, said as the reader's language says them. */
import { keptFormat } from "./formats.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "in 5 minutes", "yesterday": for what is near; a date for what is more than a week away. */
export function formatRelative(locale: string, moment: number, now: number): string {
  const away = moment - now;
  const far = Math.abs(away);
  if (far >= 7 * DAY)
    return keptFormat(`day ${locale}`, () => new Intl.DateTimeFormat(locale, { dateStyle: "medium" })).format(moment);
  const relative = keptFormat(`relative ${locale}`, () => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
  if (far < MINUTE) return relative.format(0, "second");
  if (far < HOUR) return relative.format(Math.trunc(away / MINUTE), "minute");
  if (far < DAY) return relative.format(Math.trunc(away / HOUR), "hour");
  return relative.format(Math.trunc(away / DAY), "day");
}

/** The day and the hour of something planned, in the reader's time zone: "Fri, 27 Nov, 20:00". */
export function formatMoment(locale: string, moment: number): string {
  const parts = { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" } as const;
  return keptFormat(`moment ${locale}`, () => new Intl.DateTimeFormat(locale, parts)).format(moment);
}

/** 3725 → "1:02:05": the clock of a player, the same in every language. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/** Days, times and numbers in the reader's language and time zone. */
import { keptFormat } from "./formats.ts";
import { locale } from "./locale.ts";
import { formatRelative } from "./when.ts";

const dates = (name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  keptFormat(`${name} ${locale()}`, () => new Intl.DateTimeFormat(locale(), options));
const numbers = (name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat =>
  keptFormat(`${name} ${locale()}`, () => new Intl.NumberFormat(locale(), options));

/** "14 November 2026". */
export const formatDay = (iso: string): string => dates("long day", { dateStyle: "long" }).format(new Date(iso));

/** "14 Nov 2026, 20:30". */
export const formatDayTime = (iso: string): string =>
  dates("day and time", { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

/** "5 minutes ago". */
export const formatAgo = (iso: string, now: number): string => formatRelative(locale(), Date.parse(iso), now);

export const formatNumber = (value: number, digits = 0): string =>
  numbers(`number ${digits}`, { maximumFractionDigits: digits }).format(value);

export const formatPercent = (share: number): string =>
  numbers("percent", { style: "percent", maximumFractionDigits: 0 }).format(share);

/** Days, times and numbers in the reader's language and time zone. */
import { locale } from "./locale.ts";
import { formatRelative } from "./when.ts";

/** "14 November 2026". */
export const formatDay = (iso: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "long" }).format(new Date(iso));

/** "14 Nov 2026, 20:30". */
export const formatDayTime = (iso: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));

/** "5 minutes ago". */
export const formatAgo = (iso: string, now: number): string => formatRelative(locale(), Date.parse(iso), now);

export const formatNumber = (value: number, digits = 0): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);

export const formatPercent = (share: number): string =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(share);

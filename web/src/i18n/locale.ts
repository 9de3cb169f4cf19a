/** The words of the chosen language. Both dictionaries are small enough to travel with the entry, so a switch is instant. */
import { formatElapsed } from "./elapsed.ts";
import { en } from "./en.ts";
import { type Locale, locale } from "./language.ts";
import { ru } from "./ru.ts";
import type { Words } from "./words.ts";

export { chooseLocale, LOCALES, type Locale, locale, pickLocale } from "./language.ts";

export const dictionaries: Readonly<Record<Locale, Words>> = { en, ru };

/** The words of the current language; reading it in JSX makes the text follow a switch. */
export function words(): Words {
  return dictionaries[locale()];
}

/** How long something has been on air. Seconds are not worth a number that changes all the time. */
export function onAirSince(startedAt: string | null | undefined, now: number): string {
  if (startedAt === null || startedAt === undefined) return "";
  const seconds = (now - Date.parse(startedAt)) / 1000;
  return seconds < 60 ? words().card.fresh : words().card.since(formatElapsed(locale(), seconds));
}

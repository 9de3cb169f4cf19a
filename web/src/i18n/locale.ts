/** The chosen language. Both dictionaries are small enough to travel with the entry, so a switch is instant. */
import { createEffect, createRoot, createSignal } from "solid-js";
import { recall, remember } from "../ui/memory.ts";
import { formatElapsed } from "./elapsed.ts";
import { en } from "./en.ts";
import { ru } from "./ru.ts";
import type { Words } from "./words.ts";

export const LOCALES = ["en", "ru"] as const;
export type Locale = (typeof LOCALES)[number];

export const dictionaries: Readonly<Record<Locale, Words>> = { en, ru };

/** The first of the reader's languages that we speak. */
export function pickLocale(stored: string | null, preferred: readonly string[]): Locale {
  for (const tag of [stored ?? "", ...preferred]) {
    const found = LOCALES.find((locale) => tag.toLowerCase().split("-")[0] === locale);
    if (found !== undefined) return found;
  }
  return "en";
}

const [locale, setLocale] = createSignal<Locale>(pickLocale(recall("locale"), navigator.languages));

createRoot(() => {
  createEffect(() => {
    document.documentElement.lang = locale();
  });
});

export { locale };

export function chooseLocale(next: Locale): void {
  remember("locale", next);
  setLocale(next);
}

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

/** The chosen language, without any words: an embedded player brings only its own. */
import { createEffect, createRoot, createSignal } from "solid-js";
import { recall, remember } from "../ui/memory.ts";

export const LOCALES = ["en", "ru"] as const;
export type Locale = (typeof LOCALES)[number];

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

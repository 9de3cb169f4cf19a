/**
 * The browser's formatters, each made when it is first needed and kept: making one reads the language's tables, which takes a phone milliseconds, and
 * labels such as "on air for 12 min" are said again every few seconds.
 */
const made = new Map<string, unknown>();

export function keptFormat<T>(key: string, make: () => T): T {
  const known = made.get(key) as T | undefined;
  if (known !== undefined) return known;
  const format = make();
  made.set(key, format);
  return format;
}

export const pluralOf = (locale: string, count: number): Intl.LDMLPluralRule =>
  keptFormat(`plural ${locale}`, () => new Intl.PluralRules(locale)).select(count);

/** 1200 → "1.2K". */
export const compactNumber = (locale: string, count: number): string =>
  count < 1_000
    ? String(count)
    : keptFormat(`compact ${locale}`, () => new Intl.NumberFormat(locale, { notation: "compact" })).format(count);

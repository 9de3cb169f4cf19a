/**
 * The browser's formatters, each made when it is first needed and kept: the first one reads the language's tables, which takes a phone a tenth of a
 * second. What every page says before its first picture is therefore made here, and checked against the browser's by a test.
 */
const made = new Map<string, unknown>();

export function keptFormat<T>(key: string, make: () => T): T {
  const known = made.get(key) as T | undefined;
  if (known !== undefined) return known;
  const format = make();
  made.set(key, format);
  return format;
}

/** CLDR's rules for whole numbers. */
export function pluralOf(locale: string, count: number): "one" | "few" | "many" | "other" {
  if (locale !== "ru") return count === 1 ? "one" : "other";
  const [last, lastTwo] = [count % 10, count % 100];
  if (last === 1 && lastTwo !== 11) return "one";
  return last >= 2 && last <= 4 && (lastTwo < 12 || lastTwo > 14) ? "few" : "many";
}

/** 1.24 → "1.2s", in Russian "1,2 с". */
export const shortSeconds = (locale: string, seconds: number): string =>
  locale === "ru" ? `${seconds.toFixed(1).replace(".", ",")} с` : `${seconds.toFixed(1)}s`;

/** 1200 → "1.2K". */
export const compactNumber = (locale: string, count: number): string =>
  count < 1_000
    ? String(count)
    : keptFormat(`compact ${locale}`, () => new Intl.NumberFormat(locale, { notation: "compact" })).format(count);

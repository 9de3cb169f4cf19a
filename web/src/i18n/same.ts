import { pluralOf } from "./formats.ts";

/** What another language must say to say the same: the same keys, text for text, sentence with values for sentence with values. */
export type Same<Words> = Words extends string
  ? string
  : Words extends (...values: infer Values) => string
    ? (...values: Values) => string
    : { readonly [Key in keyof Words]: Same<Words[Key]> };

/** "1 day", "2 days". */
export const countEn = (count: number, one: string, other: string): string =>
  `${count} ${pluralOf("en", count) === "one" ? one : other}`;

/** «1 день», «2 дня», «5 дней». */
export function countRu(count: number, one: string, few: string, many: string): string {
  const rule = pluralOf("ru", count);
  return `${count} ${rule === "one" ? one : rule === "few" ? few : many}`;
}

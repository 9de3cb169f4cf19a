import { describe, expect, test } from "bun:test";
import { en as accountEn } from "./account/en.ts";
import { ru as accountRu } from "./account/ru.ts";
import { en as adminEn } from "./admin/en.ts";
import { ru as adminRu } from "./admin/ru.ts";
import { en as chatEn } from "./chat/en.ts";
import { ru as chatRu } from "./chat/ru.ts";
import { formatElapsed } from "./elapsed.ts";
import { en } from "./en.ts";
import { pluralOf, shortSeconds } from "./formats.ts";
import { ru } from "./ru.ts";
import { en as studioEn } from "./studio/en.ts";
import { ru as studioRu } from "./studio/ru.ts";

type Tree = { readonly [key: string]: string | Tree | ((...values: never[]) => string) };

/** Every leaf as `path → kind`. */
function leaves(tree: Tree, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === "object") for (const [path, kind] of leaves(value, `${prefix}${key}.`)) found.set(path, kind);
    else found.set(prefix + key, typeof value);
  }
  return found;
}

function texts(tree: Tree): string[] {
  return Object.values(tree).flatMap((value) => {
    if (typeof value === "object") return texts(value);
    return typeof value === "string" ? [value] : [];
  });
}

describe("English and Russian", () => {
  test("say the same things", () => {
    expect([...leaves(ru)].sort()).toEqual([...leaves(en)].sort());
  });

  test("leave nothing empty, and nothing untranslated", () => {
    for (const text of [...texts(en), ...texts(ru)]) expect(text.trim()).toBe(text);
    for (const text of texts(en)) expect(text).not.toBe("");
    for (const text of texts(ru)) expect(text).toMatch(/[А-Яа-яЁё]/);
    for (const text of texts(en)) expect(text).not.toMatch(/[А-Яа-яЁё]/);
  });

  test("count in their own way", () => {
    expect([1, 2, 0].map(en.home.heading)).toEqual(["1 channel on air", "2 channels on air", "0 channels on air"]);
    expect([1, 3, 5, 21, 112].map(ru.card.viewers)).toEqual([
      "1 зритель",
      "3 зрителя",
      "5 зрителей",
      "21 зритель",
      "112 зрителей",
    ]);
  });
});

test.each(["en", "ru"])("what is made by hand in %s is what the browser would say", (locale) => {
  const rules = new Intl.PluralRules(locale);
  const unit = (name: string, value: number) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const short = new Intl.NumberFormat(locale, { style: "unit", unit: "second", unitDisplay: "narrow", ...digits });
  for (let count = 0; count < 1_200; count++) expect(pluralOf(locale, count)).toBe(rules.select(count) as "one");
  for (const count of [0, 1, 2, 5, 21]) {
    expect(formatElapsed(locale, count)).toBe(unit("second", count));
    if (count > 0) expect(formatElapsed(locale, count * 60)).toBe(unit("minute", count));
    if (count > 0) expect(formatElapsed(locale, count * 3_600)).toBe(unit("hour", count));
    if (count > 0) expect(formatElapsed(locale, count * 86_400)).toBe(unit("day", count));
    expect(shortSeconds(locale, count + 0.72)).toBe(short.format(count + 0.72));
  }
});

test.each([
  [-5, "0 sec"],
  [59.9, "59 sec"],
  [60, "1 min"],
  [3600, "1 hr"],
  [3 * 3600 + 300, "3 hr 5 min"],
  [50 * 3600, "2 days 2 hr"],
])("%d s on air reads as %s", (seconds, text) => expect(formatElapsed("en", seconds)).toBe(text));

test("time on air is said in Russian too", () => expect(formatElapsed("ru", 3900)).toBe("1 ч 5 мин"));

test.each([
  ["accounts", accountEn, accountRu],
  ["the chat", chatEn, chatRu],
  ["the studio", studioEn, studioRu],
  ["the administration", adminEn, adminRu],
])("the words of %s are complete in both languages", (_, english, russian) => {
  expect([...leaves(russian as Tree)].sort()).toEqual([...leaves(english as Tree)].sort());
  for (const text of [...texts(english as Tree), ...texts(russian as Tree)]) expect(text.trim()).toBe(text);
  for (const text of texts(english as Tree)) expect(text).not.toMatch(/[А-Яа-яЁё]|^$/);
  for (const text of texts(russian as Tree)) expect(text === "Larix Broadcaster" || /[А-Яа-яЁё]/.test(text)).toBe(true);
});

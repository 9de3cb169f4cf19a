/** A public name made of a title, for who does not choose one: letters of Russian by their sound, accents dropped, the rest a dash. */
import { randomBytes } from "node:crypto";

const SOUNDS: Readonly<Record<string, string>> = {
  ...letters("абвгдезийклмнопрстуфыэіўґ", "abvgdeziiklmnoprstufyeiug"),
  ё: "e",
  ж: "zh",
  х: "kh",
  ц: "ts",
  ч: "ch",
  ш: "sh",
  щ: "shch",
  ъ: "",
  ь: "",
  ю: "yu",
  я: "ya",
  ї: "i",
  є: "e",
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
};
const MAX_LENGTH = 56;

function letters(from: string, to: string): Record<string, string> {
  return Object.fromEntries([...from].map((letter, index) => [letter, to[index] ?? ""]));
}

/** Always a slug, at most 56 characters long. */
export function slugOf(title: string): string {
  const plain = [...title.normalize("NFC").toLowerCase()]
    .map((letter) => SOUNDS[letter] ?? letter)
    .join("")
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, "");
  return plain === "" ? "channel" : plain;
}

/** The same name with something after it that nobody has. */
export const anotherSlug = (slug: string): string => `${slug}-${randomBytes(3).toString("hex")}`;

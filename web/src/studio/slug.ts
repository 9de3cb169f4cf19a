/** A public name to begin with, made of a title while it is typed. The server has the last word, and makes a name itself where none is given. */
const RUSSIAN = "абвгдезийклмнопрстуфыэ";
const LATIN = "abvgdeziiklmnoprstufye";
const SOUNDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...RUSSIAN].map((letter, index) => [letter, LATIN[index] ?? ""])),
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
};

export const suggestSlug = (title: string): string =>
  [...title.normalize("NFC").toLowerCase()]
    .map((letter) => SOUNDS[letter] ?? letter)
    .join("")
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 56)
    .replace(/^-+|-+$/g, "");

export const isSlug = (text: string): boolean => /^[a-z0-9][a-z0-9_-]{0,63}$/.test(text);

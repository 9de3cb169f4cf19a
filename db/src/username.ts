/**
 * Usernames that look alike are one name: `аdmin` with a Cyrillic а, `user1` and `userl`, `Ian` and `lan`. A skeleton is what is left of a
 * name when everything that only looks different in a font is taken away; `users.username_skeleton` is unique. It is compared, never shown.
 *
 * In the manner of Unicode TS 39 §4, kept to the scripts that share shapes in practice: Latin, Cyrillic and Greek.
 */

/** Shapes before case is folded, because capital and small letters resemble different ones: Η is an H, η an n. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  ...pairs("АаВЕеКкМмНОоРрСсТтУуХхІіЈјЅѕҺһԁԚԛԜԝҮүАӀӏҐг", "aabeekkmmhooppccttyyxxiijjsshhdqqwwyyallrr"),
  ...pairs("вьЬъбпигзЗэѵѴωѡ", "bbbb6nur333vvww"),
  ...pairs("ΑαΒβΕεΖζΗηΙιΚκΜμΝνΟοΡρΤτΥυΧχΓγσςϲϳ", "aabbeezzhniikkmunvooppttyuxxryoccj"),
  // Latin letters that are not composed of a letter and a mark.
  ...pairs("ıȷɑɡɩɪøØłŁđĐħŧƅƖǀ", "ijagiioollddhtbll"),
  // Capital I, the digit and the bar are one stroke, as l is.
  ...pairs("I1|0", "lllo"),
};

const SEQUENCES: readonly (readonly [string, string])[] = [
  ["rn", "m"],
  ["vv", "w"],
  ["ß", "ss"],
  ["æ", "ae"],
  ["œ", "oe"],
];

function pairs(from: string, to: string): Record<string, string> {
  const shapes = [...to];
  return Object.fromEntries([...from].map((letter, index) => [letter, shapes[index]!]));
}

/** At most four times as long as the name. */
export function usernameSkeleton(username: string): string {
  // Marks of these scripts are dots and strokes that a reader overlooks; in others they are vowels and make another word.
  const bare = username
    .normalize("NFKD")
    .replace(/([\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}])\p{M}+/gu, "$1")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  const shapes = [...bare].map((letter) => LOOKALIKES[letter] ?? letter).join("");
  return SEQUENCES.reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    [...shapes.toLowerCase()].map((letter) => LOOKALIKES[letter] ?? letter).join(""),
  ).normalize("NFC");
}

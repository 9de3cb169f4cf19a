import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hasBlockedWord } from "./words.ts";

describe("blocked words", () => {
  test.each([
    ["buy spam now", ["spam"], true],
    ["Buy SPAM!", ["spam"], true],
    // Full-width letters, a Cyrillic а, an accent, a zero-width space.
    ["ｓｐａｍ", ["spam"], true],
    ["spаm", ["spam"], true],
    ["spám", ["spam"], true],
    ["sp\u200bam", ["spam"], true],
    // Only whole words.
    ["spamalot", ["spam"], false],
    ["spamalot", ["spam*"], true],
    ["unspam", ["spam*"], false],
    // Phrases, whatever stands between their words.
    ["please buy -- followers here", ["buy followers"], true],
    ["buy more followers", ["buy followers"], false],
    ["buying: buy follow", ["buy follow*"], true],
    ["Это СПАМ, друзья", ["спам"], true],
    ["🙂 100 %", ["🙂"], false],
    ["anything", ["*", " ", "!"], false],
    ["anything", [], false],
  ] as const)("%j in %j: %j", (text, list, wanted) => {
    expect(hasBlockedWord(text, list)).toBe(wanted);
  });

  test("a word is found wherever it stands among others", () => {
    const word = fc.stringMatching(/^[b-h]{1,6}$/);
    fc.assert(
      fc.property(fc.array(word), fc.array(word), fc.constantFrom(" ", ", ", "\n", "…"), (before, after, gap) => {
        expect(hasBlockedWord([...before, "zzz", ...after].join(gap), ["zzz"])).toBe(true);
        expect(hasBlockedWord([...before, ...after].join(gap), ["zzz"])).toBe(false);
      }),
    );
  });
});

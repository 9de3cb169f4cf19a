import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { chooseLocale } from "./locale.ts";

const BOTH = ["en", "ru"];

describe("the language of an answer", () => {
  test.each([
    ["nothing said", undefined, null, "en"],
    ["by name", "ru", null, "ru"],
    ["a name counts more than the header", "en", "ru", "en"],
    ["a name that is no language of ours", "fr", "ru", "ru"],
    ["a name in capitals, with a region", "RU-ru", null, "ru"],
    ["header", undefined, "ru", "ru"],
    ["region", undefined, "ru-RU,ru;q=0.9,en;q=0.8", "ru"],
    ["order of equals", undefined, "ru,en", "ru"],
    ["weights", undefined, "ru;q=0.5, en;q=0.9", "en"],
    ["unknown ones are passed over", undefined, "de, fr;q=0.9, ru;q=0.1", "ru"],
    ["anything", undefined, "*", "en"],
    ["anything but", undefined, "en;q=0, *", "ru"],
    ["refused, and nothing else said", undefined, "en;q=0", "en"],
    ["all refused", undefined, "en;q=0, ru;q=0", "en"],
    ["not a header at all", undefined, ";;;q=,, =", "en"],
    ["a weight that is none", undefined, "ru;q=7", "en"],
    ["spaces", undefined, "  ru ; q = 0.3 ", "ru"],
  ])("%s", (_, asked, header, expected) => {
    expect(chooseLocale(BOTH, "en", asked, header)).toBe(expected);
  });

  test("without the fallback's language, what there is", () => {
    expect(chooseLocale(["ru"], "en", undefined, "de")).toBe("ru");
    expect(chooseLocale(["zh-tw"], "en", undefined, "zh")).toBe("zh-tw");
  });

  test("whatever is said, one of those that there are, and soon", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("en", "ru", "de", "zh-tw"), { minLength: 1 }),
        fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
        fc.oneof(
          fc.constant(null),
          fc.string({ unit: fc.constantFrom(..."enru*;q=0.1, -") }),
          fc.string({ unit: "binary" }),
        ),
        (available, asked, header) => {
          expect<string[]>(available).toContain(chooseLocale(available, "en", asked, header));
        },
      ),
    );
    const started = performance.now();
    for (const long of ["a-".repeat(1e6), "en;q=0.1,".repeat(1e6), " ".repeat(1e6)])
      chooseLocale(BOTH, "en", undefined, long);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

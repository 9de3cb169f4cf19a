import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isMentioned, partsOf } from "./parts.ts";

const links = (text: string) => partsOf(text).flatMap((part) => (part.kind === "link" ? [part.href] : []));

describe("parts of a message", () => {
  test.each([
    ["see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]],
    ["(http://example.org/)", ["http://example.org/"]],
    ["https://example.org, https://example.com", ["https://example.org/", "https://example.com/"]],
    // What runs something, hides a name, or is none.
    ["javascript:alert(1) data:text/html,x ftp://x.org", []],
    ["https://bank.example@evil.example/", []],
    ["https://", []],
  ])("links of %j: %j", (text, wanted) => expect(links(text)).toEqual(wanted));

  test("a host with letters that only look like others is shown as what it is", () => {
    expect(partsOf("https://аpple.com/x")).toEqual([
      { kind: "link", href: "https://xn--pple-43d.com/x", text: "xn--pple-43d.com/x" },
    ]);
  });

  test.each([
    ["hi @ada!", "ada", true],
    ["hi @Ada.", "ada", true],
    ["@ada-b and", "ada", false],
    ["mail ada@ada.org", "ada", false],
    ["@@ada", "ada", false],
    ["ada", "ada", false],
    ["привет, @вера", "Вера", true],
  ])("%j names %j: %j", (text, name, wanted) => expect(isMentioned(text, name)).toBe(wanted));

  test("nothing of a text without links is lost or changed", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "@", ".", "-", " ", "ж", ":", "/", "🙂") }), (text) => {
        expect(
          partsOf(text)
            .map((part) => part.text)
            .join(""),
        ).toBe(text);
      }),
    );
  });
});

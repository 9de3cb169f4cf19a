/** What people type in: what is taken has one form, shows what it says, and fits its column. */
import { describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { usernameSkeleton } from "@streamhub/db";
import fc from "fast-check";
import {
  DescriptionText,
  EmailText,
  isEmail,
  isPassword,
  isReservedUsername,
  isUsername,
  NewPasswordText,
  TitleText,
  toBlock,
  toEmail,
  toLine,
  toPassword,
  toUsername,
  UsernameText,
  wishOf,
} from "./text.ts";

/** Text as it comes from people and from whoever tries to break something. */
const Text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(
      ..."aZ9 _.-@бЯéßﬁЖ\u0301\u0000\u0007\n\r\t\u00ad\u200b\u200c\u200d\u200e\u202e\u2066\u2069\u2028\ufeff\u3164\u180e\uff21\ud800\udc00\ufffe",
    ),
    maxLength: 40,
  }),
);
const HIDDEN =
  /[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u00ad\u3164]|[\ud800-\udfff](?<![\ud800-\udbff][\udc00-\udfff])(?![\udc00-\udfff])/;

describe("whatever is taken", () => {
  test.each([
    ["title", TitleText, toLine, 200],
    ["description", DescriptionText, toBlock, 5_000],
    ["username", UsernameText, toUsername, 50],
    ["e-mail address", EmailText, toEmail, 100],
    ["password", NewPasswordText, toPassword, 1_024],
  ] as const)("a %s has a normal form, which is taken again and is its own", (_name, schema, normal, max) => {
    fc.assert(
      fc.property(Text, (text) => {
        if (!Value.Check(schema, text)) return;
        const form = Value.Decode(schema, text);
        expect(form).toBe(normal(text));
        expect(form.length).toBeLessThanOrEqual(schema === NewPasswordText ? 3 * max : max);
        expect(normal(form)).toBe(form);
        expect(Value.Check(schema, form)).toBe(true);
        expect(form.isWellFormed()).toBe(true);
        expect(form).not.toContain("\u0000");
      }),
      { numRuns: 3_000 },
    );
  });

  test("in a title or a name nothing is hidden, and nothing turns the text around", () => {
    fc.assert(
      fc.property(Text, (text) => {
        if (Value.Check(TitleText, text)) expect(toLine(text)).not.toMatch(HIDDEN);
        if (isUsername(text)) expect(toUsername(text)).not.toMatch(HIDDEN);
        if (isEmail(text)) expect(toEmail(text)).not.toMatch(HIDDEN);
      }),
      { numRuns: 3_000 },
    );
  });

  test("checking is quick, however the text is made", () => {
    const nasty = [
      "a".repeat(5_000),
      "a.".repeat(2_500),
      "é".repeat(5_000),
      `a@${"b.".repeat(2_000)}`,
      "a@".repeat(2_500),
    ];
    for (const text of nasty)
      for (const schema of [TitleText, UsernameText, EmailText, NewPasswordText, DescriptionText])
        Value.Check(schema, text);
    // A pattern that backtracks would not be here yet.
    expect(nasty.map(isUsername)).toEqual([false, false, false, false, false]);
    expect(nasty.map(isEmail)).toEqual([false, false, false, false, false]);
  });
});

describe("usernames that look alike", () => {
  test("a skeleton is its own, whatever the case of the name", () => {
    fc.assert(
      fc.property(Text, (text) => {
        if (!isUsername(text)) return;
        const skeleton = usernameSkeleton(toUsername(text));
        expect(skeleton.length).toBeLessThanOrEqual(255);
        expect(usernameSkeleton(skeleton)).toBe(skeleton);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    "admin",
    "ADMIN",
    "аdmin",
    "adm1n",
    "ADMlN",
    "ádmin",
    "ａｄｍｉｎ",
    "STREAMHUB",
    "strearnhub",
    "r00t",
    "ѕupport",
  ])("%s speaks for the site", (name) => expect(isReservedUsername(toUsername(name))).toBe(true));
  test.each(["adminka", "ada", "rooter", "livestreamer"])("%s does not", (name) =>
    expect(isReservedUsername(name)).toBe(false),
  );
});

test("a password is taken by its letters, not by how a keyboard sends them", () => {
  expect(isPassword("й".normalize("NFD").repeat(4))).toBe(false);
  expect(isPassword("й".normalize("NFD").repeat(8))).toBe(true);
  expect(isPassword("👩‍🚀👩‍🚀👩‍🚀")).toBe(true);
  expect(isPassword("        ")).toBe(true);
});

test("what a format wants is said in words", () => {
  for (const schema of [TitleText, UsernameText, EmailText, NewPasswordText, DescriptionText])
    expect(wishOf(schema.format)).toMatch(/^[A-Z0-9][^\n]+$/);
  expect(wishOf("date-time")).toBeUndefined();
});

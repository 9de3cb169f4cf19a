import { expect, test } from "bun:test";
import fc from "fast-check";
import { begunAt, completed, namesFor } from "./completion.ts";
import type { Entry } from "./make-log.ts";

const by = (...names: string[]) =>
  names.map((username, at) => ({ at, message: { author: { username } } }) as unknown as Entry);

test.each([
  ["@", 1, ""],
  ["Hello @Ad", 9, "ad"],
  ["(@wanda", 7, "wanda"],
  ["@ada and @b", 4, "ada"],
] as const)("%p at %p begins %p", (text, cursor, typed) => {
  expect(begunAt(text, cursor)?.typed).toBe(typed);
});

test.each([
  ["mail@example", 12],
  ["@ada ", 5],
  ["@ada", 2],
  ["no name", 7],
] as const)("%p at %p begins nobody's name", (text, cursor) => {
  expect(begunAt(text, cursor)).toBeNull();
});

test("those who wrote last come first, each once, without oneself, six at most", () => {
  const said = by("zoe", "ada", "Adam", "ada", "wanda");
  expect(namesFor(said, "", "wanda")).toEqual(["ada", "Adam", "zoe"]);
  expect(namesFor(said, "ad", null)).toEqual(["ada", "Adam"]);
  expect(namesFor(said, "adam", null)).toEqual([]);
  expect(namesFor(said, "x", null)).toEqual([]);
  expect(namesFor(by(..."abcdefgh"), "", null)).toHaveLength(6);
});

test("a completed name is followed by one space and the cursor stands behind it", () => {
  expect(completed("Hello @ad", begunAt("Hello @ad", 9)!, "ada")).toEqual({ text: "Hello @ada ", cursor: 11 });
  expect(completed("@ad how are you", begunAt("@ad how are you", 3)!, "ada")).toEqual({
    text: "@ada how are you",
    cursor: 5,
  });
});

test("whatever stands around it stays", () => {
  const word = fc.stringMatching(/^[a-z ]{0,20}$/);
  fc.assert(
    fc.property(word, fc.stringMatching(/^[a-z]{0,5}$/), word, (before, typed, after) => {
      const [start, rest] = [`${before} `, after === "" ? "" : ` ${after}`];
      const text = `${start}@${typed}${rest}`;
      const begun = begunAt(text, start.length + 1 + typed.length)!;
      const { text: whole, cursor } = completed(text, begun, "name");
      expect(whole.startsWith(`${start}@name `)).toBe(true);
      expect(whole.endsWith(rest)).toBe(true);
      expect(whole.slice(0, cursor)).toBe(`${start}@name `);
    }),
  );
});

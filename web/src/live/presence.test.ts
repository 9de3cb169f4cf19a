import { expect, test } from "bun:test";
import fc from "fast-check";
import { nextPresence, type Presence } from "./presence.ts";

const answers = fc.array(fc.constantFrom(undefined, { isLive: false }, { isLive: true }), {
  minLength: 1,
  maxLength: 30,
});
const walk = (path: ({ isLive: boolean } | undefined)[]) => path.reduce<Presence>(nextPresence, "loading");

test("the page shows live exactly when the channel is", () => {
  fc.assert(fc.property(answers, (path) => expect(walk(path) === "live").toBe(path.at(-1)?.isLive === true)));
});

test("over is said only to those who were there, and no answer leaves the page loading", () => {
  fc.assert(
    fc.property(answers, (path) => {
      const shown = walk(path);
      expect(shown).not.toBe("loading");
      if (shown === "ended") expect(path.some((answer) => answer?.isLive)).toBe(true);
    }),
  );
});

test("a broadcast that comes back is live again", () => {
  expect(walk([{ isLive: false }, { isLive: true }, { isLive: false }])).toBe("ended");
  expect(walk([{ isLive: true }, { isLive: false }, { isLive: true }])).toBe("live");
});

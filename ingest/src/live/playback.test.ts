import { describe, expect, test } from "bun:test";
import { type Milliseconds, ms } from "../bytes/units.ts";
import { makePlayback, PLACE_TTL } from "./playback.ts";
import type { PlaybackPass, PlaybackTokens } from "./ports.ts";

const PASS: PlaybackPass = { subject: "ada", session: "one", maxSessions: 3 };
const TOKENS: PlaybackTokens = {
  verify: (token, target) =>
    target.kind !== "live" || target.slug !== "garden"
      ? "invalid"
      : token === "good"
        ? PASS
        : token === "old"
          ? "expired"
          : "invalid",
};

function stage(tokens: PlaybackTokens | null = TOKENS) {
  const self = { now: ms(0) as Milliseconds };
  return Object.assign(self, { playback: makePlayback(tokens, () => self.now) });
}
const session = (name: string, subject = "ada"): PlaybackPass => ({ ...PASS, session: name, subject });

describe("what is private", () => {
  test("asks for a token for it that is not over", () => {
    const { playback } = stage();
    const garden = { kind: "live", slug: "garden" } as const;
    expect(playback.check(garden, null)).toBe("missing");
    expect(playback.check(garden, "bad")).toBe("invalid");
    expect(playback.check(garden, "old")).toBe("expired");
    expect(playback.check(garden, "good")).toBe(PASS);
    expect(playback.check({ kind: "live", slug: "other" }, "good")).toBe("invalid");
    expect(playback.stats.denied).toEqual({ missing: 1, invalid: 2, expired: 1, full: 0 });
  });

  test("is closed to all where no token can be checked", () => {
    const { playback } = stage(null);
    expect(playback.check({ kind: "live", slug: "garden" }, null)).toBe("missing");
    expect(playback.check({ kind: "live", slug: "garden" }, "good")).toBe("invalid");
  });
});

describe("players of one subject", () => {
  test("as many as the token says, until one leaves or says nothing for 30 s", () => {
    const at = stage();
    for (const name of ["one", "two", "three"]) expect(at.playback.sit(session(name), "a")).toBe(true);
    expect(at.playback.sit(session("four"), "a")).toBe(false);
    expect(at.playback.sit(session("one"), "a")).toBe(true);
    expect(at.playback.sit(session("four", "eve"), "a")).toBe(true);
    at.playback.leave(session("two"), "a");
    expect(at.playback.sit(session("four"), "a")).toBe(true);
    expect(at.playback.sit(session("two"), "a")).toBe(false);
    at.now = ms(PLACE_TTL);
    expect(at.playback.sit(session("one"), "a")).toBe(true);
    at.now = ms(PLACE_TTL + 1);
    expect(at.playback.sit(session("two"), "a")).toBe(true);
    expect(at.playback.stats).toEqual({ players: 2, denied: { missing: 0, invalid: 0, expired: 0, full: 2 } });
  });

  test("a token that is passed on is another player", () => {
    const { playback } = stage();
    expect(["a", "b", "c", "d", "a"].map((player) => playback.sit(PASS, player))).toEqual([
      true,
      true,
      true,
      false,
      true,
    ]);
  });

  test("who has left leaves nothing behind", () => {
    const at = stage();
    for (let index = 0; index < 1000; index++) at.playback.sit(session("one", `subject-${index}`), "a");
    expect(at.playback.stats.players).toBe(1000);
    at.now = ms(2 * PLACE_TTL);
    expect(at.playback.stats.players).toBe(0);
    at.playback.sit(PASS, "a");
    at.playback.leave(PASS, "a");
    at.playback.leave(PASS, "a");
    expect(at.playback.stats.players).toBe(0);
  });
});

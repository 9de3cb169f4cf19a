import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CLOCK_SKEW, makePlaybackSession, makePlaybackTokens, type PlaybackTarget } from "./playback-token.ts";

const SECRET = "a secret for tests, 32 characters and more";
const OTHER = "another secret for tests, of 32 characters";
const END = 1_795_000_000;
const LIVE: PlaybackTarget = { kind: "live", slug: "garden" };
const CLAIMS = { subject: "AAECAwQFBgc", session: "EBESExQVFhcY", expiresAt: END, maxSessions: 3 };
const at = (seconds: number, secrets: Parameters<typeof makePlaybackTokens>[0] = SECRET) =>
  makePlaybackTokens(secrets, () => seconds * 1000);

describe("playback tokens", () => {
  // Written down, so that a token of one version is read by another one.
  test.each([
    ["live", LIVE, CLAIMS, "AgNq_YbAAAECAwQFBgcQERITFBUWFxgep1jrOE01GjTHX2mYrRfD"],
    ["vod", { kind: "vod", streamId: 42 }, CLAIMS, "AgNq_YbAAAECAwQFBgcQERITFBUWFxi2qW4sGggrPwu_QmY2351Y"],
    ["one player", LIVE, { ...CLAIMS, maxSessions: 1 }, "AgFq_YbAAAECAwQFBgcQERITFBUWFxhdoJSwKDZnrHDSgYR0QJVx"],
    [
      "the last second of 32 bits",
      LIVE,
      { ...CLAIMS, expiresAt: 2 ** 32 - 1 },
      "AgP_____AAECAwQFBgcQERITFBUWFxhZxABcAEpdLZqUWD5P-W_s",
    ],
  ] as const)("%s", (_name, target, claims, token) => {
    expect(at(END).sign(target, claims)).toBe(token);
    expect(at(END).verify(token, target)).toEqual(claims);
  });

  test("each of its characters counts, and no other spelling is taken", () => {
    const tokens = at(END);
    const token = tokens.sign(LIVE, CLAIMS);
    for (let index = 0; index < token.length; index++) {
      for (const letter of ["A", "b", "_", "-", "9"]) {
        if (token[index] === letter) continue;
        expect(tokens.verify(token.slice(0, index) + letter + token.slice(index + 1), LIVE)).toBe("invalid");
      }
    }
    for (const spelling of [
      "",
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      token.slice(1),
      `${token}AAAA`,
      token.replaceAll("-", "+").replaceAll("_", "/").replace(/[A-Z]/, "+"),
      `%${token.slice(1)}`,
    ])
      expect(tokens.verify(spelling, LIVE)).toBe("invalid");
  });

  test("it opens what it is for and nothing else", () => {
    const tokens = at(END);
    const token = tokens.sign(LIVE, CLAIMS);
    for (const target of [
      { kind: "live", slug: "gardens" },
      { kind: "live", slug: "garde" },
      { kind: "live", slug: "Garden" },
      { kind: "live", slug: "" },
      { kind: "vod", streamId: 1 },
    ] as const)
      expect(tokens.verify(token, target)).toBe("invalid");
    const vod = tokens.sign({ kind: "vod", streamId: 1 }, CLAIMS);
    expect(tokens.verify(vod, { kind: "vod", streamId: 11 })).toBe("invalid");
    expect(tokens.verify(vod, { kind: "live", slug: "1" })).toBe("invalid");
  });

  test("it ends, a little later than it says: clocks differ", () => {
    const token = at(END - 600).sign(LIVE, CLAIMS);
    expect(at(END + CLOCK_SKEW).verify(token, LIVE)).toEqual(CLAIMS);
    expect(at(END + CLOCK_SKEW + 1).verify(token, LIVE)).toBe("expired");
    // Whether it is over is told to who has a good one only.
    expect(at(END + CLOCK_SKEW + 1).verify(token, { kind: "live", slug: "other" })).toBe("invalid");
  });

  test("a new secret signs, the one before is still taken, a foreign one is not", () => {
    const token = at(END).sign(LIVE, CLAIMS);
    expect(at(END, [OTHER, SECRET]).verify(token, LIVE)).toEqual(CLAIMS);
    expect(at(END, OTHER).verify(token, LIVE)).toBe("invalid");
    expect(at(END, [OTHER, SECRET]).sign(LIVE, CLAIMS)).toBe(at(END, OTHER).sign(LIVE, CLAIMS));
  });

  test("an account has one name, which does not tell it", () => {
    const tokens = at(END);
    expect(tokens.subjectOf(7)).toBe(tokens.subjectOf(7));
    expect(new Set([1, 2, 3, 12, 21].map(tokens.subjectOf)).size).toBe(5);
    expect(tokens.subjectOf(7)).not.toBe(at(END, OTHER).subjectOf(7));
    const claims = { ...CLAIMS, subject: tokens.subjectOf(7), session: makePlaybackSession() };
    expect(tokens.verify(tokens.sign(LIVE, claims), LIVE)).toEqual(claims);
  });

  test("claims that no token can carry are a mistake", () => {
    for (const wrong of [
      { maxSessions: 0 },
      { maxSessions: 256 },
      { maxSessions: 1.5 },
      { expiresAt: 2 ** 32 },
      { expiresAt: -1 },
      { subject: "short" },
      { session: "" },
    ])
      expect(() => at(END).sign(LIVE, { ...CLAIMS, ...wrong })).toThrow(RangeError);
  });

  test("law: what is signed is read again, and arbitrary text is not", () => {
    const tokens = at(END);
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 8 }),
        fc.uint8Array({ minLength: 9, maxLength: 9 }),
        fc.integer({ min: END, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.string({ maxLength: 64 }),
        (subject, session, expiresAt, maxSessions, slug) => {
          const claims = {
            subject: Buffer.from(subject).toString("base64url"),
            session: Buffer.from(session).toString("base64url"),
            expiresAt,
            maxSessions,
          };
          const target: PlaybackTarget = { kind: "live", slug };
          expect(tokens.verify(tokens.sign(target, claims), target)).toEqual(claims);
        },
      ),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String({ minLength: 52, maxLength: 52 })), (text) => {
        expect(tokens.verify(text, LIVE)).toBe("invalid");
      }),
    );
  });
});

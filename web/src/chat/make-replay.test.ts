import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { makeReplay } from "./make-replay.ts";

describe("a replay of what was said", () => {
  test("knows all of the minutes around the picture, each once, wherever the viewer goes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), fc.nat(3_600_000)), { maxLength: 30 }), async (moves) => {
        let known: number[] = [];
        const replay = makeReplay<number>({
          // One message a second.
          load: async (from, to) => {
            const first = Math.ceil(from / 1_000);
            return Array.from({ length: Math.max(0, Math.ceil(to / 1_000) - first) }, (_, n) => first + n);
          },
          onLoaded: (messages) => known.push(...messages),
          onJump: () => {
            known = [];
          },
        });
        let at = 0;
        for (const [isJump, by] of moves) {
          at = isJump ? by : at + (by % 20_000);
          await replay.follow(at);
          const needed = Math.floor(at / 1_000);
          expect(known).toContain(needed);
          expect(new Set(known).size).toBe(known.length);
          expect(known).toEqual(known.toSorted((a, b) => a - b));
          // No hole between what is known first and the picture.
          expect(known.slice(0, known.indexOf(needed) + 1)).toHaveLength(needed - (known[0] ?? 0) + 1);
        }
      }),
    );
  });

  test("asks again for what did not arrive, and never twice at once", async () => {
    const asked: number[] = [];
    const answers: ((value: readonly string[] | null) => void)[] = [];
    const loaded: string[] = [];
    const replay = makeReplay<string>({
      load: (from) => {
        asked.push(from);
        return new Promise((resolve) => answers.push(resolve));
      },
      onLoaded: (messages) => loaded.push(...messages),
      onJump: () => {},
    });
    const first = replay.follow(0);
    await replay.follow(500);
    expect(asked).toEqual([0]);
    answers[0]?.(null);
    await first;
    const second = replay.follow(1_000);
    answers[1]?.(["hello"]);
    await second;
    expect(asked).toEqual([0, 0]);
    expect(loaded).toEqual(["hello"]);
  });
});

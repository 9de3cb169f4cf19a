import { expect, test } from "bun:test";
import fc from "fast-check";
import { PLAYBACK_TABLE, type PlaybackSignal, type PlaybackState, transition } from "./playback-state.ts";

const signals: PlaybackSignal[] = ["load", "progress", "stall", "pause", "resume", "unload"];
const states = Object.keys(PLAYBACK_TABLE) as PlaybackState[];
const anyPath = fc.array(fc.constantFrom(...signals), { maxLength: 40 });
const walk = (path: PlaybackSignal[]) => path.reduce<PlaybackState>(transition, "idle");

test("every state can be reached, and every signal sequence ends in a state", () => {
  const reached = new Set<PlaybackState>();
  fc.assert(
    fc.property(anyPath, (path) => {
      reached.add(walk(path));
    }),
    { numRuns: 500 },
  );
  expect([...reached].sort()).toEqual([...states].sort());
});

test("from anywhere, a source and a moving clock mean playing", () => {
  fc.assert(fc.property(anyPath, (path) => expect(walk([...path, "load", "progress"])).toBe("playing")));
});

test("from anywhere, no source means idle", () => {
  fc.assert(fc.property(anyPath, (path) => expect(walk([...path, "unload"])).toBe("idle")));
});

test("trouble is never shown to someone who paused", () => {
  fc.assert(
    fc.property(anyPath, fc.array(fc.constantFrom<PlaybackSignal>("stall", "pause")), (path, trouble) => {
      const paused = walk([...path, "load", "pause"]);
      expect(trouble.reduce(transition, paused)).toBe("paused");
    }),
  );
});

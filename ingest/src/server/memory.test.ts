import { describe, expect, test } from "bun:test";
import { ownsMemory, releaseMemory } from "./memory.ts";

describe("memory", () => {
  test("a view owns nothing, a whole buffer does, a small array is copied", () => {
    const whole = new Uint8Array(4_096);
    expect(ownsMemory(whole)).toBe(true);
    expect(ownsMemory(whole.subarray(1))).toBe(false);
    expect(ownsMemory(whole.subarray(0, 2_048))).toBe(false);
    expect(ownsMemory(new Uint8Array(100))).toBe(false);
  });

  test("after release every view is empty, and a second release is harmless", () => {
    const whole = new Uint8Array(4_096);
    const view = whole.subarray(10, 20);
    releaseMemory(whole);
    releaseMemory(whole);
    expect([whole.length, view.length]).toEqual([0, 0]);
  });
});

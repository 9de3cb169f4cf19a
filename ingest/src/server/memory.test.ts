import { describe, expect, test } from "bun:test";
import { releaseMemory } from "./memory.ts";

describe("memory", () => {
  test("after release every view is empty, and a second release is harmless", () => {
    const whole = new Uint8Array(4_096);
    const view = whole.subarray(10, 20);
    releaseMemory(whole);
    releaseMemory(whole);
    expect([whole.length, view.length]).toEqual([0, 0]);
  });

  test("small arrays are left to the collector", () => {
    const small = new Uint8Array(100);
    releaseMemory(small);
    expect(small.length).toBe(100);
  });
});

import { expect, test } from "bun:test";
import { makeSharedBodies } from "./shared-bodies.ts";

const KB = 1024;

test("the second who asks gets a blob, the third the same one; small ones stay what they are", async () => {
  const bodies = makeSharedBodies();
  const bytes = new Uint8Array(20 * KB).fill(3);
  expect(bodies.of(bytes)).toBe(bytes);
  const blob = bodies.of(bytes) as Blob;
  expect(await blob.bytes()).toEqual(bytes);
  expect(bodies.of(bytes)).toBe(blob);
  const small = new Uint8Array(KB);
  for (let time = 0; time < 3; time++) expect(bodies.of(small)).toBe(small);
});

test("what has not been asked for longest goes first", () => {
  const bodies = makeSharedBodies(60 * KB);
  const [a, b, c] = [1, 2, 3].map((n) => new Uint8Array(25 * KB).fill(n)) as [Uint8Array, Uint8Array, Uint8Array];
  for (const each of [a, b, c]) bodies.of(each);
  const [first, second] = [bodies.of(a), bodies.of(b)];
  expect(bodies.of(a)).toBe(first);
  bodies.of(c);
  expect(bodies.of(a)).toBe(first);
  expect(bodies.of(b)).not.toBe(second);
  const huge = new Uint8Array(61 * KB);
  bodies.of(huge);
  expect(bodies.of(huge)).toBe(huge);
});

test("what nobody asks for any more goes by itself", async () => {
  const bodies = makeSharedBodies(60 * KB, 5);
  const bytes = new Uint8Array(20 * KB);
  bodies.of(bytes);
  const blob = bodies.of(bytes);
  while (bodies.of(bytes) === blob) await Bun.sleep(20);
});

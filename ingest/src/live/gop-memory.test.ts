import { describe, expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import { LiveBroadcast } from "./broadcast.ts";
import { DEFAULT_GOP_CACHE_LIMITS } from "./gop-cache.ts";
import { GopMemory } from "./gop-memory.ts";
import type { MediaTag } from "./media-tag.ts";
import { NOBODY } from "./testing/nobody.ts";

const SIZE = 2_000;
/** An AVC frame whose bytes after the header are all `mark`. */
function frame(isKeyframe: boolean, mark: number): Uint8Array {
  const body = new Uint8Array(SIZE).fill(mark);
  body.set([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0]);
  return body;
}
const markOf = (tag: MediaTag): number | undefined => tag.payload.at(-1);

function open(maxBytes = DEFAULT_GOP_CACHE_LIMITS.maxBytes) {
  const broadcast = new LiveBroadcast({
    slug: "memory",
    streamId: null,
    visibility: "public",
    latency: "standard",
    startedAt: ms(0),
    publisher: NOBODY,
    gopLimits: { ...DEFAULT_GOP_CACHE_LIMITS, maxBytes },
  });
  let time = 0;
  /** Pushes a frame, then spoils the bytes that were pushed, as a socket's next read would. */
  const push = (isKeyframe: boolean, mark: number): void => {
    const payload = frame(isKeyframe, mark);
    broadcast.push("video", time, payload);
    payload.fill(0xee);
    time += 40;
  };
  const join = (keepsNothing: boolean) => {
    const tags: MediaTag[] = [];
    const leave = broadcast.subscribe({ keepsNothing, onTag: (tag) => tags.push(tag), onEnd() {} });
    return { tags, leave };
  };
  return { push, join };
}

describe("GOP memory", () => {
  test("a GOP uses the memory of the one before, and gives up what it did not need", () => {
    const memory = new GopMemory();
    const put = () => memory.view(memory.put(new Uint8Array(SIZE)), SIZE).buffer;
    const first = Array.from({ length: 300 }, put);
    expect(new Set(first).size).toBe(3);
    memory.reset();
    expect(put()).toBe(first[0]!);
    memory.reset();
    const third = Array.from({ length: 300 }, put);
    expect(third[0]).toBe(first[0]!);
    expect(first).not.toContain(third.at(-1)!);
  });

  test("shared memory is not used again, neither what was put before nor after", () => {
    const memory = new GopMemory();
    const put = (mark: number) => memory.view(memory.put(new Uint8Array(SIZE).fill(mark)), SIZE);
    const before = put(1);
    memory.share();
    const after = put(2);
    memory.reset();
    for (let mark = 3; mark < 200; mark++) put(mark);
    expect(before.every((byte) => byte === 1)).toBe(true);
    expect(after.every((byte) => byte === 2)).toBe(true);
  });

  test("what is larger than a slab lies between the others, and is given up with its GOP", () => {
    const memory = new GopMemory();
    const put = (mark: number, size: number) => ({ mark, size, place: memory.put(new Uint8Array(size).fill(mark)) });
    const fill = () => [put(1, SIZE), put(2, 1_000_000), put(3, SIZE), put(4, 262_144), put(5, 500_000), put(6, SIZE)];
    const check = (puts: ReturnType<typeof fill>) =>
      puts.map(({ mark, size, place }) => {
        const view = memory.view(place, size);
        expect(view.length).toBe(size);
        expect(view.every((byte) => byte === mark)).toBe(true);
        return view.buffer;
      });
    const first = check(fill());
    memory.reset();
    const second = check(fill());
    expect(second[0]).toBe(first[0]!);
    expect(first).not.toContain(second[1]!);
    expect(first).not.toContain(second[4]!);
  });
});

describe("what sinks see", () => {
  test("who joins gets the GOP in progress as it was sent", () => {
    const { push, join } = open();
    push(true, 1);
    push(false, 2);
    push(true, 3);
    push(false, 4);
    expect(join(true).tags.map(markOf)).toEqual([3, 4]);
  });

  test("a sink that keeps tags finds them unchanged GOPs later: replayed ones, live ones, those before it left", () => {
    const { push, join } = open();
    push(true, 1);
    push(false, 2);
    const { tags, leave } = join(false);
    push(false, 3);
    push(true, 4);
    leave();
    for (let mark = 5; mark < 25; mark++) push(mark % 4 === 0, mark);
    expect(tags.map(markOf)).toEqual([1, 2, 3, 4]);
  });

  test("frames that no GOP keeps are whole too: before the first keyframe, and of a GOP that grew too large", () => {
    const { push, join } = open(3_000);
    const { tags } = join(false);
    push(false, 1);
    push(true, 2);
    push(false, 3);
    push(false, 4);
    expect(tags.map(markOf)).toEqual([1, 2, 3, 4]);
  });
});

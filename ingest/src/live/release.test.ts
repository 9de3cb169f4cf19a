import { describe, expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import { type BroadcastSink, LiveBroadcast } from "./broadcast.ts";
import { DEFAULT_GOP_CACHE_LIMITS } from "./gop-cache.ts";

const keyframe = (): Uint8Array => new Uint8Array(2_000).fill(0).fill(0x17, 0, 1).fill(1, 1, 2);
const interFrame = (): Uint8Array => new Uint8Array(2_000).fill(0).fill(0x27, 0, 1).fill(1, 1, 2);

function open(maxBytes = DEFAULT_GOP_CACHE_LIMITS.maxBytes) {
  const released: Uint8Array[] = [];
  const broadcast = new LiveBroadcast({
    slug: "release",
    streamId: null,
    visibility: "public",
    startedAt: ms(0),
    onRefuse: () => {},
    gopLimits: { ...DEFAULT_GOP_CACHE_LIMITS, maxBytes },
    release: (payload) => released.push(payload),
  });
  let time = 0;
  const push = (payload: Uint8Array): Uint8Array => {
    broadcast.push("video", time, payload);
    time += 40;
    return payload;
  };
  return { broadcast, released, push };
}

const sink = (keepsNothing: boolean): BroadcastSink => ({ keepsNothing, onTag() {}, onEnd() {} });

describe("media memory", () => {
  test("a GOP is released at the next keyframe, and at the end", () => {
    const { broadcast, released, push } = open();
    const first = [push(keyframe()), push(interFrame())];
    expect(released).toEqual([]);
    const second = push(keyframe());
    expect(released).toEqual(first);
    broadcast.end();
    expect(released).toEqual([...first, second]);
  });

  test("a sink that keeps nothing does not hinder it", () => {
    const { broadcast, released, push } = open();
    push(keyframe());
    broadcast.subscribe(sink(true));
    push(keyframe());
    expect(released.length).toBe(1);
  });

  test("what a sink was given that may keep it is never released, replayed tags and those before it left included", () => {
    const { broadcast, released, push } = open();
    push(keyframe());
    const leave = broadcast.subscribe(sink(false));
    push(interFrame());
    push(keyframe());
    leave();
    push(interFrame());
    const own = push(keyframe());
    expect(released).toEqual([]);
    push(keyframe());
    expect(released).toEqual([own]);
  });

  test("a tag that overflows the cache is still handed round", () => {
    const { broadcast, released, push } = open(3_000);
    const lengths: number[] = [];
    broadcast.subscribe({ keepsNothing: true, onTag: (tag) => lengths.push(tag.payload.length), onEnd() {} });
    push(keyframe());
    push(interFrame());
    expect(lengths).toEqual([2_000, 2_000]);
    expect(released).toEqual([]);
  });
});

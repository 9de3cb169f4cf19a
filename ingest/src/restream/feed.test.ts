/** What of a broadcast a service is sent, where it is slow or takes not everything: the queue is the test's to set. */
import { expect, test } from "bun:test";
import { AVC_CONFIG, avcFrame } from "../../test/server/peer-bytes.ts";
import { ms } from "../bytes/units.ts";
import { type MediaKind, makeMediaTag } from "../live/media-tag.ts";
import { readAbilities } from "./abilities.ts";
import { makeFeed } from "./feed.ts";

const AAC_CONFIG = Uint8Array.of(0xaf, 0, 0x12, 0x10);
const AAC_FRAME = Uint8Array.of(0xaf, 1, 0x21);
const fourCc = (name: string) => new TextEncoder().encode(name);
const enhanced = (first: number, name: string) => Uint8Array.of(first, ...fourCc(name), 0, 0, 0, 1, 2, 3);

function stage(information: Parameters<typeof readAbilities>[0] = {}) {
  const sent: string[] = [];
  const unfit: string[] = [];
  const state = { queued: 0, dropped: 0 };
  const sink = makeFeed({
    connection: {
      get queued() {
        return state.queued;
      },
      send: (kind, timestamp) => void sent.push(`${kind} ${timestamp}`),
      sendData: (timestamp) => void sent.push(`data ${timestamp}`),
    },
    abilities: readAbilities(information),
    maxQueue: 1_000,
    onDropped: () => void state.dropped++,
    onUnfit: (codec) => void unfit.push(codec),
    onEnd: () => {},
  });
  const push = (kind: MediaKind, timestamp: number, body: Uint8Array) => {
    const tag = makeMediaTag(kind, ms(timestamp), body);
    if (tag === null) throw new Error("not a tag");
    sink.onTag(tag);
  };
  return { sink, push, sent, unfit, state };
}

test("too slow: all is left out up to a keyframe behind an empty queue, and configurations of that time come before it", () => {
  const { push, sent, state } = stage();
  push("video", 0, AVC_CONFIG);
  push("video", 1, avcFrame(true, 9));
  state.queued = 1_001;
  push("video", 2, avcFrame(false, 9));
  push("audio", 3, AAC_CONFIG);
  push("video", 4, AVC_CONFIG);
  push("video", 5, avcFrame(true, 9));
  state.queued = 1;
  push("video", 6, avcFrame(true, 9));
  state.queued = 0;
  push("audio", 7, AAC_FRAME);
  push("video", 8, avcFrame(false, 9));
  push("video", 9, avcFrame(true, 9));
  push("audio", 10, AAC_FRAME);
  expect(sent).toEqual(["video 0", "video 1", "audio 3", "video 4", "video 9", "audio 10"]);
  expect(state.dropped).toBe(5);
});

test("sound alone goes on as soon as there is room", () => {
  const { push, sent, state } = stage();
  push("audio", 0, AAC_CONFIG);
  state.queued = 2_000;
  push("audio", 1, AAC_FRAME);
  state.queued = 0;
  push("audio", 2, AAC_FRAME);
  expect(sent).toEqual(["audio 0", "audio 2"]);
});

test("an encoder that goes on for another one begins with a keyframe", () => {
  const { sink, push, sent } = stage();
  push("video", 0, avcFrame(true, 9));
  sink.onAway?.();
  push("video", 1, avcFrame(false, 9));
  push("video", 2, avcFrame(true, 9));
  expect(sent).toEqual(["video 0", "video 2"]);
});

test.each([
  [{}, "hvc1", false],
  [{ fourCcList: ["av01"] }, "hvc1", false],
  [{ fourCcList: ["hvc1"] }, "hvc1", true],
  [{ fourCcList: ["*"] }, "av01", true],
  [{ videoFourCcInfoMap: { vp09: 4 } }, "vp09", true],
  [{ fourCcList: "hvc1" }, "hvc1", false],
  [null, "avc1", false],
] as const)("who answers %j and is sent enhanced %s", (information, codec, isTaken) => {
  const { push, sent, unfit } = stage(information as Parameters<typeof readAbilities>[0]);
  push("video", 0, enhanced(0x91, codec));
  push("video", 1, avcFrame(true, 9));
  expect(unfit).toEqual(isTaken ? [] : [codec]);
  expect(sent).toEqual(isTaken ? ["video 0", "video 1"] : []);
});

test("colours of a frame that are not taken are left out, and nothing is refused for them", () => {
  const { push, sent, unfit } = stage();
  push("video", 0, avcFrame(true, 9));
  push("video", 1, enhanced(0x94, "hvc1"));
  push("video", 2, avcFrame(false, 9));
  expect([sent, unfit]).toEqual([["video 0", "video 2"], []]);
});

/** E-RTMP multitrack: one track a message, number 1. */
const SECOND_TRACK = Uint8Array.of(0x96, 0x01, ...fourCc("avc1"), 1, 0, 0, 0, 1, 2, 3);

test("a second picture goes to who takes several", () => {
  for (const [capsEx, expected] of [
    [0, ["video 0"]],
    [2, ["video 0", "video 1"]],
  ] as const) {
    const { push, sent } = stage({ capsEx, fourCcList: ["*"] });
    push("video", 0, avcFrame(true, 9));
    push("video", 1, SECOND_TRACK);
    expect(sent).toEqual([...expected]);
  }
});

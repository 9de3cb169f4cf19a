import { expect, test } from "bun:test";
import { ms } from "../bytes/units.ts";
import type { Frame } from "../packager/frame.ts";
import type { EpochInfo } from "../packager/segment.ts";
import { audioTrack, videoTrack } from "../packager/testing/model-broadcast.ts";
import { makeFrameFeed } from "./frame-feed.ts";

test("viewers get the encoder's own picture and sound, numbered from zero, and nothing of a ladder", () => {
  const init = new Uint8Array([1]);
  const epoch: EpochInfo = {
    number: 1,
    isFirst: true,
    firstNumber: 1,
    startsAt: ms(0),
    tracks: [
      { rendition: "video", track: videoTrack(1280), timescale: 90_000, init },
      { rendition: "360p", track: videoTrack(640), timescale: 90_000, init },
      { rendition: "audio", track: audioTrack(48_000), timescale: 48_000, init },
    ],
  };
  const feed = makeFrameFeed();
  const texts: string[] = [];
  const ids: number[] = [];
  feed.join({
    send: (message) => void (typeof message === "string" ? texts.push(message) : ids.push(message[0]!)),
    getBufferedAmount: () => 0,
    close() {},
  });
  const frame: Frame = { time: 0, duration: 3_000, cts: 0, isSync: true, data: new Uint8Array(10) };
  for (const name of ["video", "360p", "audio"]) feed.onFrame(name, frame, epoch);
  expect(texts.map((text) => JSON.parse(text))).toEqual([
    {
      tracks: [
        { id: 0, kind: "video", codecs: "avc1.64001f" },
        { id: 1, kind: "audio", codecs: "mp4a.40.2" },
      ],
    },
  ]);
  // Initialization segments, then frames.
  expect(ids).toEqual([0, 1, 0, 1]);
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { ms } from "../bytes/units.ts";
import { encodeFlvHeader, encodeFlvTag, FlvTagType } from "../flv/mux.ts";
import { type MediaTag, makeMediaTag } from "../live/media-tag.ts";
import { makeFlvFeed, type Pipe } from "./flv-feed.ts";

/** A pipe that is full when the test says so. */
function makePipe(isFull: () => boolean) {
  const chunks: Uint8Array[] = [];
  const waiting: (() => void)[] = [];
  let isClosed = false;
  const pipe: Pipe = {
    write(bytes) {
      expect(isClosed).toBeFalse();
      chunks.push(bytes.slice());
      return bytes.length;
    },
    flush() {
      if (!isFull()) return 0;
      return new Promise((resolve) => waiting.push(() => resolve(0)));
    },
    end() {
      isClosed = true;
    },
  };
  return {
    pipe,
    chunks,
    isClosed: () => isClosed,
    async drain() {
      for (const go of waiting.splice(0)) go();
      await Promise.resolve();
    },
    hasWaiting: () => waiting.length > 0,
  };
}

const video = (timestamp: number, isKey: boolean, size: number): MediaTag => {
  const body = new Uint8Array(5 + size).fill(timestamp & 0xff);
  body.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  return { ...makeMediaTag("video", ms(0), body)!, timestamp: ms(timestamp) };
};

const HEADER = encodeFlvHeader(false, true);
const options = { batchMs: 200, hasVideo: true, timeOf: (tag: MediaTag) => tag.timestamp };

test("whatever the pipe does, the bytes are the same FLV, in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          isKey: fc.boolean(),
          size: fc.oneof(fc.nat(2000), fc.nat(300_000)),
          isFull: fc.boolean(),
          drain: fc.boolean(),
        }),
        {
          maxLength: 60,
        },
      ),
      async (steps) => {
        let isFull = false;
        const pipe = makePipe(() => isFull);
        const feed = makeFlvFeed(pipe.pipe, HEADER, options);
        const expected: Uint8Array[] = [HEADER];
        for (const [index, step] of steps.entries()) {
          isFull = step.isFull;
          const tag = video(index * 33, step.isKey, step.size);
          expected.push(encodeFlvTag(FlvTagType.video, tag.timestamp, tag.payload));
          feed.push(tag);
          if (step.drain) await pipe.drain();
        }
        feed.end();
        isFull = false;
        for (let round = 0; round < 5; round++) await pipe.drain();
        expect(pipe.isClosed()).toBeTrue();
        expect(feed.queuedBytes).toBe(0);
        expect(Buffer.concat(pipe.chunks).equals(Buffer.concat(expected))).toBeTrue();
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);

test("frames go in batches, but a keyframe and what follows at once", () => {
  const { pipe, chunks } = makePipe(() => false);
  const feed = makeFlvFeed(pipe, HEADER, options);
  const writes: number[] = [];
  for (let index = 0; index < 60; index++) {
    const before = chunks.length;
    feed.push(video(index * 33, index % 30 === 0, 100));
    if (chunks.length > before) writes.push(index);
  }
  expect(writes).toEqual([0, 1, 2, 3, 4, 12, 20, 28, 30, 31, 32, 33, 34, 42, 50, 58]);
});

test("a full pipe is counted, and abandoned without a trace", () => {
  const { pipe, chunks, isClosed } = makePipe(() => true);
  const feed = makeFlvFeed(pipe, HEADER, options);
  for (let index = 0; index < 100; index++) feed.push(video(index * 33, index % 30 === 0, 1000));
  expect(feed.queuedBytes).toBeGreaterThan(99_000);
  expect(chunks).toHaveLength(2);
  feed.abandon();
  expect(isClosed()).toBeTrue();
  feed.push(video(9999, true, 10));
  expect(chunks).toHaveLength(2);
});

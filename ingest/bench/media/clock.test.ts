import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeFlvHeader, encodeFlvTag, FlvTagType } from "../../src/flv/mux.ts";
import {
  clockMessage,
  findClock,
  findClocks,
  makeClockNal,
  placeOfClock,
  readClockMessage,
  stampClock,
} from "./clock.ts";
import { readFlvTags } from "./flv-file.ts";
import { makeFlvReader } from "./flv-stream.ts";

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test("a stamped clock is found anywhere, and is valid in a byte stream", () => {
  fc.assert(
    fc.property(time, fc.uint8Array({ maxLength: 50 }), (now, before) => {
      const nal = makeClockNal();
      stampClock(nal, 0, now);
      const bytes = new Uint8Array([...before, ...nal, ...nal]);
      expect(findClock(bytes)?.time).toBe(now);
      expect(findClocks(bytes).slice(0, 2)).toEqual([now, now]);
      // ISO/IEC 14496-10 §7.4.1.1: no start code may arise.
      for (let at = 4; at + 2 < nal.length; at++) expect(nal[at] === 0 && nal[at + 1] === 0).toBe(false);
    }),
  );
});

test("data messages", () => {
  fc.assert(fc.property(time, (now) => expect(readClockMessage(clockMessage(now))).toBe(now)));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(readClockMessage(bytes)).toBeNull()));
});

test("the clock stands before the picture, behind a delimiter, and in no configuration", () => {
  const slice = [0, 0, 0, 2, 0x65, 1];
  expect(placeOfClock(new Uint8Array([0x17, 1, 0, 0, 0, ...slice]))).toBe(5);
  expect(placeOfClock(new Uint8Array([0x27, 1, 0, 0, 0, 0, 0, 0, 2, 9, 0xf0, ...slice]))).toBe(11);
  expect(placeOfClock(new Uint8Array([0x17, 0, 0, 0, 0, ...slice]))).toBeNull();
  expect(placeOfClock(new Uint8Array([0x91, 0x68, 0x76, 0x63, 0x31, 0, 0, 0, ...slice]))).toBeNull();
});

test("an FLV is read alike however it is cut", () => {
  const tags = [1, 2, 3].map((n) => encodeFlvTag(FlvTagType.video, n * 40, new Uint8Array(n * 7)));
  const file = new Uint8Array(Buffer.concat([encodeFlvHeader(true, true), ...tags]));
  fc.assert(
    fc.property(fc.array(fc.nat(file.length)), (cuts) => {
      const seen: [number, number][] = [];
      const reader = makeFlvReader(({ timestamp, body }) => seen.push([timestamp, body.length]));
      const places = [0, ...cuts.toSorted((a, b) => a - b), file.length];
      for (const [index, from] of places.slice(0, -1).entries()) reader.push(file.subarray(from, places[index + 1]));
      expect(seen).toEqual(readFlvTags(file).map(({ timestamp, body }) => [timestamp, body.length]));
    }),
  );
  expect(() => makeFlvReader(() => {}).push(new TextEncoder().encode("<html></html>"))).toThrow("not FLV");
});

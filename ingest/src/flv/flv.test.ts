import { describe, expect, test } from "bun:test";
import { AUDIO_VECTORS } from "../../test/vectors/flv-audio.ts";
import { VIDEO_VECTORS } from "../../test/vectors/flv-video.ts";
import { toHex, wire } from "../../test/vectors/wire.ts";
import { readAudioHeader, readAudioTracks } from "./audio.ts";
import { encodeFlvHeader, encodeFlvTag, FlvTagType } from "./mux.ts";
import { isMetadata } from "./script.ts";
import { readVideoHeader, readVideoTracks } from "./video.ts";

describe("video tag headers", () => {
  for (const { name, section, wire, value } of VIDEO_VECTORS) {
    test(`${name} (${section})`, () => expect(readVideoHeader(wire)).toEqual(value));
  }

  test("all tracks of a message are found, to its end", () => {
    expect(readVideoTracks(wire(`96 23  "av01" 00 00 00 02 12 00  "hvc1" 01 00 00 01 26`))).toEqual([
      { trackId: 0, codec: "av01", start: 10, end: 12 },
      { trackId: 1, codec: "hvc1", start: 20, end: 21 },
    ]);
    expect(readVideoTracks(wire("17 01 00 00 00 65"))).toBeNull();
    expect(readVideoTracks(wire(""))).toBeNull();
  });

  test("257 tracks are one too many", () => {
    expect(readVideoTracks(wire(`96 13 "avc1" ${"00 00 00 00 ".repeat(256)}`))).toHaveLength(256);
    expect(readVideoTracks(wire(`96 13 "avc1" ${"00 00 00 00 ".repeat(257)}`))).toBeNull();
  });
});

describe("audio tag headers", () => {
  for (const { name, section, wire, value } of AUDIO_VECTORS) {
    test(`${name} (${section})`, () => expect(readAudioHeader(wire)).toEqual(value));
  }

  test("all tracks of a message are found, to its end", () => {
    expect(readAudioTracks(wire(`95 21  "ac-3" 03 00 00 01 0b  "Opus" 04 00 00 01 fc`))).toEqual([
      { trackId: 3, codec: "ac-3", start: 10, end: 11 },
      { trackId: 4, codec: "Opus", start: 19, end: 20 },
    ]);
    expect(readAudioTracks(wire("af 01 21"))).toBeNull();
  });
});

test("no cut of a tag body makes a reader throw or point outside of it", () => {
  for (const { wire } of [...VIDEO_VECTORS, ...AUDIO_VECTORS]) {
    for (let end = 0; end <= wire.length; end++) {
      const cut = wire.subarray(0, end);
      for (const header of [readVideoHeader(cut), readAudioHeader(cut)]) {
        if (header !== null) expect(header.dataOffset).toBeLessThanOrEqual(end);
      }
      for (const track of [...(readVideoTracks(cut) ?? []), ...(readAudioTracks(cut) ?? [])]) {
        expect(track.start).toBeLessThanOrEqual(track.end);
        expect(track.end).toBeLessThanOrEqual(end);
      }
    }
  }
});

describe("FLV framing (Adobe FLV 10.1 §E.2 to §E.4)", () => {
  test("file header with PreviousTagSize0", () => {
    expect(toHex(encodeFlvHeader(true, true))).toBe(toHex(wire(`"FLV" 01 05 00 00 00 09  00 00 00 00`)));
    expect(encodeFlvHeader(true, false)[4]).toBe(4);
    expect(encodeFlvHeader(false, true)[4]).toBe(1);
  });

  const tag = (timestamp: string) => toHex(wire(`09  00 00 02  ${timestamp}  00 00 00  17 01  00 00 00 0d`));
  const body = wire("17 01");
  test.each([
    [0, "00 00 00 00"],
    [0x123456, "12 34 56 00"],
    [0x12345678, "34 56 78 12"],
    [0xffffffff, "ff ff ff ff"],
    [2 ** 32 + 5, "00 00 05 00"],
    [-1, "ff ff ff ff"],
  ])("tag at %d: three low bytes, then the high one", (timestamp, field) => {
    expect(toHex(encodeFlvTag(FlvTagType.video, timestamp, body))).toBe(tag(field));
  });
});

test("only onMetaData describes the stream", () => {
  expect(isMetadata(wire(`02 00 0a "onMetaData" 08 00 00 00 00 00 00 09`))).toBe(true);
  expect(isMetadata(wire(`02 00 0a "onTextData" 03 00 00 09`))).toBe(false);
  expect(isMetadata(wire(`02 00 0a "onMeta"`))).toBe(false);
});

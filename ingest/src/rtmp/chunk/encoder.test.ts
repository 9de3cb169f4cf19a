import { describe, expect, test } from "bun:test";
import { CHUNK_VECTORS } from "../../../test/vectors/chunk.ts";
import { encodeMessage } from "./encoder.ts";

describe("chunk encoder", () => {
  for (const { name, section, encode, wire, value } of CHUNK_VECTORS) {
    if (encode === undefined) continue;
    test(`${name} (${section})`, () => {
      expect(encodeMessage(value[0]!, encode.csid, encode.chunkSize)).toEqual(wire);
    });
  }

  test("chunk stream ids outside 2 to 65599 are our bug", () => {
    const message = { typeId: 8, streamId: 1, timestamp: 0, payload: new Uint8Array(0) };
    for (const csid of [0, 1, 65600, 3.5]) expect(() => encodeMessage(message, csid, 128)).toThrow(RangeError);
  });
});

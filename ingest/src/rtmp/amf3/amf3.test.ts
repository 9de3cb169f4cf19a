import { describe, expect, test } from "bun:test";
import { AMF3_VECTORS, AMF3_VIOLATIONS } from "../../../test/vectors/amf3.ts";
import { codeOf } from "../../../test/vectors/code-of.ts";
import { toHex } from "../../../test/vectors/wire.ts";
import { ByteReader } from "../../bytes/reader.ts";
import type { AmfValue } from "../amf0/value.ts";
import { makeAmf3Decoder } from "./decode.ts";
import { encodeAmf3 } from "./encode.ts";

function decodeAmf3(wire: Uint8Array): AmfValue {
  const reader = new ByteReader(wire, "amf.truncated");
  const value = makeAmf3Decoder(reader, { depth: 16, values: 4096 })();
  expect(reader.remaining).toBe(0);
  return value;
}

describe("AMF3", () => {
  for (const { name, section, wire, value, decodeOnly } of AMF3_VECTORS) {
    test(`${name} (${section})`, () => {
      expect(decodeAmf3(wire)).toEqual(value);
      if (!decodeOnly) expect(toHex(encodeAmf3(value))).toBe(toHex(wire));
    });
  }

  for (const { name, wire, code } of AMF3_VIOLATIONS) {
    test(`refused: ${name}`, () => expect(codeOf(() => decodeAmf3(wire))).toBe(code));
  }

  test("every cut of a vector is truncated and nothing else", () => {
    for (const { wire } of AMF3_VECTORS) {
      for (let end = 0; end < wire.length; end++) {
        expect(codeOf(() => decodeAmf3(wire.subarray(0, end)))).toBe("amf.truncated");
      }
    }
  });

  test("references can not make a dictionary key grow: 40 arrays that each hold the one before twice", () => {
    // String() of the last one would have 2^40 parts.
    const chain = [0x09, (41 << 1) | 1, 0x01, 0x09, 0x03, 0x01, 0x06, 0x03, 0x78];
    for (let i = 1; i < 40; i++) chain.push(0x09, 0x05, 0x01, 0x09, i << 1, 0x09, i << 1);
    chain.push(0x11, 0x03, 0x00, 0x09, 40 << 1, 0x01);
    expect(codeOf(() => decodeAmf3(Uint8Array.from(chain)))).toBe("amf.bad-key");
  });
});

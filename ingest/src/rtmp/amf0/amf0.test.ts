import { describe, expect, test } from "bun:test";
import { AMF0_AT_THE_LIMIT, AMF0_VECTORS, AMF0_VIOLATIONS } from "../../../test/vectors/amf0.ts";
import { codeOf } from "../../../test/vectors/code-of.ts";
import { toHex } from "../../../test/vectors/wire.ts";
import { DEFAULT_SESSION_LIMITS as LIMITS } from "../limits.ts";
import { decodeAmf0 } from "./decode.ts";
import { encodeAmf0 } from "./encode.ts";
import { amfProperty } from "./value.ts";

describe("AMF0", () => {
  for (const { name, section, wire, value, decodeOnly } of AMF0_VECTORS) {
    test(`${name} (${section})`, () => {
      expect(decodeAmf0(wire, LIMITS)).toEqual([...value]);
      if (!decodeOnly) expect(toHex(encodeAmf0(value))).toBe(toHex(wire));
    });
  }

  for (const { name, wire, code } of AMF0_VIOLATIONS) {
    test(`refused: ${name}`, () => expect(codeOf(() => decodeAmf0(wire, LIMITS))).toBe(code));
  }

  for (const { name, wire } of AMF0_AT_THE_LIMIT) {
    test(`taken: ${name}`, () => expect(codeOf(() => decodeAmf0(wire, LIMITS))).toBe("no error"));
  }

  test("every cut of a vector is truncated or decodes to something, and never throws another error", () => {
    for (const { wire } of AMF0_VECTORS) {
      if (wire.length > 1000) continue;
      for (let end = 0; end < wire.length; end++) codeOf(() => decodeAmf0(wire.subarray(0, end), LIMITS));
    }
  });

  test("the same object is referenced, not copied", () => {
    const [array] = decodeAmf0(AMF0_VECTORS.find((v) => v.section === "AMF0 §2.9")!.wire, LIMITS);
    expect((array as object[])[0]).toBe((array as object[])[1]!);
  });

  test("decoded objects have no prototype to reach", () => {
    const [object] = decodeAmf0(Uint8Array.of(3, 0, 0, 9), LIMITS);
    expect(Object.getPrototypeOf(object)).toBeNull();
    expect(amfProperty(object, "constructor")).toBeUndefined();
  });

  test("byte arrays have no AMF0 form: our bug", () => {
    expect(() => encodeAmf0([new Uint8Array(1)])).toThrow(RangeError);
  });
});

import { describe, expect, test } from "bun:test";
import { codeOf } from "../../../test/vectors/code-of.ts";
import {
  AGGREGATE_VECTORS,
  AGGREGATE_VIOLATIONS,
  CONTROL_VECTORS,
  DATA_VECTORS,
  USER_CONTROL_VECTORS,
} from "../../../test/vectors/message.ts";
import { readable, toHex, wire } from "../../../test/vectors/wire.ts";
import { MessageType } from "../chunk/header.ts";
import { decodeAggregate } from "./aggregate.ts";
import { decodeControlValue, decodeUserControl, encodeUserControl } from "./control.ts";
import { scriptBody, setDataFrame } from "./data.ts";

describe("protocol control messages", () => {
  for (const { name, section, typeId, wire, value, encoded } of CONTROL_VECTORS) {
    test(`${name} (${section})`, () => {
      expect(decodeControlValue(wire)).toBe(value);
      expect(readable([encoded])).toEqual(readable([{ typeId, streamId: 0, timestamp: 0, payload: wire } as object]));
    });
  }
  test("a body of three bytes", () =>
    expect(codeOf(() => decodeControlValue(wire("00 00 10")))).toBe("message.malformed"));
});

describe("user control messages", () => {
  for (const { name, section, wire, value } of USER_CONTROL_VECTORS) {
    test(`${name} (${section})`, () => {
      expect(decodeUserControl(wire)).toEqual(value);
      expect(toHex(encodeUserControl(value).payload)).toBe(toHex(wire));
      for (let end = 0; end < wire.length; end++)
        expect(codeOf(() => decodeUserControl(wire.subarray(0, end)))).toBe("message.malformed");
    });
  }
  test("types that are not in §7.1.7 may have any length", () => {
    expect(decodeUserControl(wire("00 1a"))).toEqual({ type: 26, value: 0 });
  });
});

describe("aggregate messages", () => {
  const aggregate = (payload: Uint8Array, timestamp: number) => ({
    typeId: MessageType.aggregate,
    streamId: 1,
    timestamp,
    payload,
  });
  for (const { name, section, wire, at, value } of AGGREGATE_VECTORS) {
    test(`${name} (${section})`, () => expect(readable(decodeAggregate(aggregate(wire, at)))).toEqual(readable(value)));
  }
  for (const { name, wire } of AGGREGATE_VIOLATIONS) {
    test(`refused: ${name}`, () => expect(codeOf(() => decodeAggregate(aggregate(wire, 0)))).toBe("message.malformed"));
  }
});

describe("data messages", () => {
  for (const { name, section, typeId, wire, value } of DATA_VECTORS) {
    test(`${name} (${section})`, () => {
      const body = scriptBody({ typeId, streamId: 1, timestamp: 0, payload: wire });
      expect(body && toHex(body)).toBe(value && toHex(value));
    });
  }
  test("setDataFrame is the way back", () =>
    expect(toHex(setDataFrame(DATA_VECTORS[0]!.value!))).toBe(toHex(DATA_VECTORS[0]!.wire)));
});

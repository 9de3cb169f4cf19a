import { expect, test } from "bun:test";
import fc from "fast-check";
import { colourTag, HDR10 } from "../remux/testing/colour-tag.ts";
import { readColourInfo } from "./colour-info.ts";

const NOTHING = { primaries: null, transfer: null, matrix: null, mastering: null, light: null };

test.each([
  {
    name: "HDR10",
    wire: colourTag("hvc1", HDR10).body,
    value: {
      primaries: 9,
      transfer: 16,
      matrix: 9,
      mastering: {
        red: [0.68, 0.32],
        green: [0.265, 0.69],
        blue: [0.15, 0.06],
        white: [0.3127, 0.329],
        maxLuminance: 1000,
        minLuminance: 0.0001,
      },
      light: { maxContent: 1000, maxFrameAverage: 400 },
    },
  },
  {
    name: "HLG without more",
    wire: colourTag("av01", { colorConfig: { colorPrimaries: 9, transferCharacteristics: 18, matrixCoefficients: 9 } })
      .body,
    value: { ...NOTHING, primaries: 9, transfer: 18, matrix: 9 },
  },
  { name: "a reset", wire: colourTag("av01", {}).body, value: NOTHING },
  {
    name: "numbers that no table has",
    wire: colourTag("av01", {
      colorConfig: { colorPrimaries: 900, transferCharacteristics: -1, matrixCoefficients: 2 },
    }).body,
    value: NOTHING,
  },
  {
    name: "a display that is as dark as it is bright, and a point outside",
    wire: colourTag("av01", {
      hdrMdcv: { ...(HDR10.hdrMdcv as object), minLuminance: 1000 },
      hdrCll: { maxCLL: 70_000 },
    }).body,
    value: NOTHING,
  },
  { name: "something else told", wire: Uint8Array.of(0x94, ...Buffer.from("av01"), 2, 0, 1, 65, 5), value: null },
  { name: "a frame", wire: Uint8Array.of(0x91, ...Buffer.from("av01"), 0x12, 0), value: null },
])("E-RTMP v2 Metadata: $name", ({ wire, value }) => {
  expect(readColourInfo(wire)).toEqual(value as never);
});

test("law: any bytes give colours or none, and a cut message never more than a whole one", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void readColourInfo(bytes)));
  const { body } = colourTag("hvc1", HDR10);
  for (let length = 0; length < body.length; length++) {
    const info = readColourInfo(body.subarray(0, length));
    if (info?.mastering) expect(info.mastering).toEqual(readColourInfo(body)!.mastering!);
  }
});

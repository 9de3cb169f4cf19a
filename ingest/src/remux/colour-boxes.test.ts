import { describe, expect, test } from "bun:test";
import { readColourInfo } from "../flv/colour-info.ts";
import { initSegment } from "../packager/init-segment.ts";
import { videoTrack } from "../packager/testing/model-broadcast.ts";
import { mergeColour, readColour, withColour } from "./colour-boxes.ts";
import { colourTag, HDR10 } from "./testing/colour-tag.ts";

const hex = (bytes: Uint8Array, name: string): string => {
  const at = Buffer.from(bytes).indexOf(name);
  return Buffer.from(bytes.subarray(at - 4, at - 4 + Buffer.from(bytes).readUInt32BE(at - 4))).toString("hex");
};
const info = readColourInfo(colourTag("avc1", HDR10).body);
const plain = videoTrack(640);
const told = withColour(plain, mergeColour(null, info), info);

describe("the boxes of HDR10", () => {
  test.each([
    { name: "colr", section: "ISO/IEC 14496-12 §12.1.5", wire: "00000013636f6c726e636c7800090010000900" },
    {
      name: "mdcv",
      section: "SMPTE ST 2086 in ISO/IEC 14496-12 §12.1.6: green, blue, red, white in 0.00002; 0.0001 cd/m²",
      wire: "000000206d64637633c286c41d4c0bb884d03e803d1340420098968000000001",
    },
    { name: "clli", section: "CTA-861.3 in ISO/IEC 14496-12 §12.1.7", wire: "0000000c636c6c6903e80190" },
  ])("$name, $section", ({ name, wire }) => {
    expect(hex(told.sampleEntry, name)).toBe(wire);
  });

  test("they stand behind the decoder's configuration, once, however often they are told", () => {
    const twice = withColour(told, mergeColour(told.colour!, info), info);
    expect(twice.sampleEntry).toEqual(told.sampleEntry);
    const order = ["avcC", "colr", "mdcv", "clli"].map((name) => Buffer.from(told.sampleEntry).indexOf(name));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
  });

  test("what is read back is what was told", () => {
    expect(readColour(told.sampleEntry)).toEqual({ primaries: 9, transfer: 16, matrix: 9, isFullRange: false });
    expect(readColour(plain.sampleEntry)).toBeNull();
    expect(withColour(plain, null, null)).toBe(plain);
    const full = { primaries: 1, transfer: 1, matrix: 1, isFullRange: true };
    expect(readColour(withColour(plain, full, null).sampleEntry)).toEqual(full);
  });

  test("ffprobe reads them in our init segment", async () => {
    const child = Bun.spawn(["ffprobe", "-v", "error", "-show_streams", "-of", "json", "pipe:0"], {
      stdin: initSegment(told, 90_000),
      stdout: "pipe",
      stderr: "ignore",
    });
    const [stream] = (JSON.parse(await new Response(child.stdout).text()) as { streams: object[] }).streams;
    expect(stream).toMatchObject({
      color_primaries: "bt2020",
      color_transfer: "smpte2084",
      color_space: "bt2020nc",
      color_range: "tv",
      side_data_list: [
        {
          side_data_type: "Mastering display metadata",
          ...{ red_x: "34000/50000", green_y: "34500/50000", blue_x: "7500/50000", white_point_y: "16450/50000" },
          ...{ max_luminance: "10000000/10000", min_luminance: "1/10000" },
        },
        { side_data_type: "Content light level metadata", max_content: 1000, max_average: 400 },
      ],
    });
  });
});

test("the publisher's word counts for more than the picture's own, number by number", () => {
  const sdr = { primaries: 1, transfer: 1, matrix: 1, isFullRange: true };
  expect(mergeColour(sdr, info)).toEqual({ primaries: 9, transfer: 16, matrix: 9, isFullRange: true });
  const half = readColourInfo(colourTag("avc1", { colorConfig: { transferCharacteristics: 18 } }).body);
  expect(mergeColour(sdr, half)).toEqual({ ...sdr, transfer: 18 });
  expect(mergeColour(null, null)).toBeNull();
});

import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Codec } from "./fourcc.ts";
import { readVideoConfig } from "./video-config.ts";

setDefaultTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "streamhub-config-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The decoder configuration that a real encoder's file has, in an E-RTMP tag. */
async function tagOf(codec: Codec, box: string, size: string, args: readonly string[]): Promise<Uint8Array> {
  const file = join(folder, `${size}-${Bun.hash(args.join(" "))}.mp4`);
  const child = Bun.spawn(
    [
      ...["ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "lavfi", "-i", `testsrc2=s=${size}:r=10`, "-frames:v", "2"],
      ...[...args, file],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );
  expect(await child.exited).toBe(0);
  const bytes = Buffer.from(await Bun.file(file).bytes());
  const at = bytes.indexOf(box);
  const record = bytes.subarray(at + 4, at - 4 + bytes.readUInt32BE(at - 4));
  return Uint8Array.of(0x90, ...Buffer.from(codec), ...record);
}

const X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=1"];
const AV1 = ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"];

test.each([
  ["hvc1", "hvcC", "640x358", [...X265, "-pix_fmt", "yuv420p"], { profile: 1, chroma: 1, bitDepth: 8 }],
  ["hvc1", "hvcC", "854x480", [...X265, "-pix_fmt", "yuv420p10le"], { profile: 2, chroma: 1, bitDepth: 10 }],
  ["hvc1", "hvcC", "322x182", [...X265, "-pix_fmt", "yuv444p"], { profile: 4, chroma: 3, bitDepth: 8 }],
  ["av01", "av1C", "640x358", [...AV1, "-pix_fmt", "yuv420p"], { profile: 0, chroma: 1, bitDepth: 8 }],
  ["av01", "av1C", "322x182", [...AV1, "-pix_fmt", "yuv444p"], { profile: 1, chroma: 3, bitDepth: 8 }],
] as const)("%s %s %s %p", async (codec, box, size, args, known) => {
  const body = await tagOf(codec, box, size, args);
  const [width, height] = size.split("x").map(Number);
  const config = readVideoConfig(body, codec);
  expect(config).toMatchObject({ width, height, isInterlaced: false, ...known });
  expect(config!.level).toBeGreaterThanOrEqual(1);
  expect(config!.level).toBeLessThan(7);
  for (let length = 0; length < body.length; length++) readVideoConfig(body.subarray(0, length), codec);
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
      readVideoConfig(body.with(at, byte), codec);
    }),
  );
});

const PQ = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"];
const HLG = ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"];
const FULL = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "pc"];
const SVT = ["-c:v", "libsvtav1", "-preset", "12"];
const TEN = ["-pix_fmt", "yuv420p10le"];
const hdr = (transfer: number) => ({ primaries: 9, transfer, matrix: 9, isFullRange: false });

test.each([
  [
    "avc1",
    "avcC",
    ["-c:v", "libx264", "-pix_fmt", "yuv420p", ...FULL],
    { primaries: 1, transfer: 1, matrix: 1, isFullRange: true },
  ],
  ["avc1", "avcC", ["-c:v", "libx264", ...TEN, ...PQ], hdr(16)],
  ["hvc1", "hvcC", [...X265, ...TEN, ...PQ], hdr(16)],
  ["hvc1", "hvcC", [...X265, ...TEN, "-bf", "2", ...HLG], hdr(18)],
  ["av01", "av1C", [...SVT, ...TEN, ...PQ], hdr(16)],
  ["av01", "av1C", [...AV1, ...TEN, ...HLG], hdr(18)],
  ["av01", "av1C", [...AV1, "-pix_fmt", "yuv420p"], null],
] as const)("%s %s %p: its colours", async (codec, box, args, colour) => {
  const body = await tagOf(codec, box, "320x180", args);
  // Classic H.264 has the composition time where the others' tag begins with their name.
  const tag = codec === "avc1" ? Uint8Array.of(0x17, 0, 0, 0, 0, ...body.subarray(5)) : body;
  expect(readVideoConfig(tag, codec)!.colour).toEqual(colour);
});

test("law: any bytes give a size or none", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("hvc1" as const, "av01" as const),
      (bytes, codec) => {
        const config = readVideoConfig(Uint8Array.of(0x90, ...Buffer.from(codec), ...bytes), codec);
        if (config !== null) expect(config.width > 0 && config.height > 0 && config.width <= 16_384).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test("codecs that are not read here have none", () => {
  expect(readVideoConfig(Uint8Array.of(0x90, ...Buffer.from("vp09"), 1, 2, 3), "vp09")).toBeNull();
});

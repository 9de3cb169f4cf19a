import { describe, expect, test } from "bun:test";
import { box, fullBox, u16, zeros } from "../packager/box.ts";
import { audioCodec, videoCodec } from "./codec-string.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.fromHex(hex.replaceAll(" ", ""));

/** VisualSampleEntry with a configuration box, ISO/IEC 14496-12 §12.1.3. */
const visual = (type: string, config: Uint8Array): Uint8Array => box(type, zeros(78), config);
/** AudioSampleEntry, §12.2.3. */
const sound = (type: string, channels: number, rate: number, ...config: readonly Uint8Array[]): Uint8Array =>
  box(type, zeros(16), u16(channels, 16, 0, 0, rate, 0), ...config);
/** ES_Descriptor with an object type and DecoderSpecificInfo; sizes in the long form that ffmpeg writes. */
function esds(objectType: string, specific: string): Uint8Array {
  const info = specific === "" ? "" : `05808080${(specific.length / 2).toString(16).padStart(2, "0")}${specific}`;
  const size = (length: number) => `808080${length.toString(16).padStart(2, "0")}`;
  const config = `${objectType}15000000000000000000000000`.slice(0, 26) + info;
  return fullBox(
    "esds",
    0,
    0,
    bytes(`03${size(3 + 5 + config.length / 2)}000100 04${size(config.length / 2)}${config}`),
  );
}

describe("codec strings (RFC 6381)", () => {
  test.each([
    { name: "H.264 High 4.0", entry: visual("avc1", box("avcC", bytes("01640028ffe1"))), codecs: "avc1.640028" },
    {
      name: "HEVC Main, level 3.1, progressive",
      entry: visual("hvc1", box("hvcC", bytes("01 01 60000000 b00000000000 5d f000"))),
      codecs: "hvc1.1.6.L93.B0",
    },
    {
      name: "HEVC Main 10 high tier",
      entry: visual("hvc1", box("hvcC", bytes("01 22 20000000 900000000000 99 f000"))),
      codecs: "hvc1.2.4.H153.90",
    },
    {
      name: "AV1 Main, level 3.0, 8 bit",
      entry: visual("av01", box("av1C", bytes("81040c00"))),
      codecs: "av01.0.04M.08",
    },
    {
      name: "AV1 Main high tier, 10 bit",
      entry: visual("av01", box("av1C", bytes("8108cc00"))),
      codecs: "av01.0.08H.10",
    },
    {
      name: "VP9 profile 0, level 3.1",
      entry: visual("vp09", fullBox("vpcC", 1, 0, bytes("001f8202020200"))),
      codecs: "vp09.00.31.08",
    },
  ])("$name", ({ entry, codecs }) => {
    expect(videoCodec(entry)).toBe(codecs);
  });

  test.each([
    {
      name: "AAC-LC, 48 kHz stereo",
      entry: sound("mp4a", 2, 48000, esds("40", "1190")),
      scale: 48000,
      is: { codecs: "mp4a.40.2", channels: 2, sampleRate: 48000, frameTicks: 1024 },
    },
    {
      name: "AAC-LC mono in an entry that says stereo",
      entry: sound("mp4a", 2, 44100, esds("40", "1208")),
      scale: 44100,
      is: { codecs: "mp4a.40.2", channels: 1, sampleRate: 44100, frameTicks: 1024 },
    },
    {
      name: "HE-AAC, explicit: 24 kHz core, 48 kHz out",
      entry: sound("mp4a", 2, 48000, esds("40", "2b118800")),
      scale: 48000,
      is: { codecs: "mp4a.40.5", channels: 2, sampleRate: 48000, frameTicks: 2048 },
    },
    {
      name: "MP3",
      entry: sound("mp4a", 2, 44100, esds("6b", "")),
      scale: 44100,
      is: { codecs: "mp4a.40.34", channels: 2, sampleRate: 44100, frameTicks: 1152 },
    },
    {
      name: "Opus",
      entry: sound("Opus", 2, 48000),
      scale: 48000,
      is: { codecs: "opus", channels: 2, sampleRate: 48000, frameTicks: null },
    },
    {
      name: "AC-3",
      entry: sound("ac-3", 6, 48000),
      scale: 48000,
      is: { codecs: "ac-3", channels: 6, sampleRate: 48000, frameTicks: 1536 },
    },
    {
      name: "FLAC at 96 kHz, which the entry can't hold",
      entry: sound("fLaC", 2, 0),
      scale: 96000,
      is: { codecs: "flac", channels: 2, sampleRate: 96000, frameTicks: null },
    },
  ])("$name", ({ entry, scale, is }) => {
    expect(audioCodec(entry, scale)).toEqual(is);
  });

  test("an entry without its configuration is malformed", () => {
    expect(() => videoCodec(visual("avc1", new Uint8Array(0)))).toThrow("no avcC");
  });
});

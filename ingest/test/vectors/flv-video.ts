/** Video tag headers, written from Adobe FLV 10.1 §E.4.3 and E-RTMP v2 "Enhanced Video". `value` is what the header says. */
import type { VideoHeader } from "../../src/flv/video.ts";
import { type Vector, wire } from "./wire.ts";

/** Null: malformed. */
export type VideoVector = Vector<VideoHeader | null>;

const CLASSIC = "Adobe FLV 10.1 §E.4.3";
const ENHANCED = "E-RTMP v2, Enhanced Video";

const classic = (codec: VideoHeader["codec"], rest: Partial<VideoHeader>): VideoHeader => ({
  packet: "frame",
  isKeyframe: false,
  isEnhanced: false,
  isMultitrack: false,
  codec,
  compositionTime: 0,
  trackId: 0,
  dataOffset: 5,
  ...rest,
});
const enhanced = (codec: VideoHeader["codec"], rest: Partial<VideoHeader>): VideoHeader => ({
  ...classic(codec, rest),
  isEnhanced: true,
  dataOffset: 5,
  ...rest,
});

const CLASSIC_VECTORS: readonly VideoVector[] = [
  {
    name: "AVC sequence header",
    section: CLASSIC,
    wire: wire("17 00 00 00 00 01 64"),
    value: classic("avc1", { packet: "config" }),
  },
  {
    name: "AVC keyframe",
    section: CLASSIC,
    wire: wire("17 01 00 00 00 65"),
    value: classic("avc1", { isKeyframe: true }),
  },
  {
    name: "AVC inter frame, composition time 80",
    section: CLASSIC,
    wire: wire("27 01 00 00 50 41"),
    value: classic("avc1", { compositionTime: 80 }),
  },
  {
    name: "AVC frame, composition time -1",
    section: CLASSIC,
    wire: wire("27 01 ff ff ff 41"),
    value: classic("avc1", { compositionTime: -1 }),
  },
  {
    name: "AVC frame, composition time -2^23",
    section: CLASSIC,
    wire: wire("27 01 80 00 00 41"),
    value: classic("avc1", { compositionTime: -(2 ** 23) }),
  },
  {
    name: "AVC end of sequence",
    section: CLASSIC,
    wire: wire("17 02 00 00 00"),
    value: classic("avc1", { packet: "end" }),
  },
  { name: "AVC disposable inter frame", section: CLASSIC, wire: wire("37 01 00 00 00 01"), value: classic("avc1", {}) },
  {
    name: "HEVC by the number of Chinese CDNs",
    section: "not in Adobe's table",
    wire: wire("1c 01 00 00 10 26"),
    value: classic("hvc1", { isKeyframe: true, compositionTime: 16 }),
  },
  {
    name: "AV1 by the number of Chinese CDNs",
    section: "not in Adobe's table",
    wire: wire("1d 00 00 00 00 81"),
    value: classic("av01", { packet: "config" }),
  },
  {
    name: "Sorenson H.263 has no second byte",
    section: CLASSIC,
    wire: wire("12 00"),
    value: classic("unsupported", { isKeyframe: true, dataOffset: 1 }),
  },
  { name: "VP6", section: CLASSIC, wire: wire("24 00"), value: classic("unsupported", { dataOffset: 1 }) },
  {
    name: "video info/command frame",
    section: CLASSIC,
    wire: wire("57 00"),
    value: classic("avc1", { packet: "command", dataOffset: 1 }),
  },
  { name: "empty body", section: CLASSIC, wire: wire(""), value: null },
  { name: "AVC header cut off", section: CLASSIC, wire: wire("17 01 00 00"), value: null },
];

const SINGLE: readonly VideoVector[] = (
  [
    ["avc1", `"avc1"`],
    ["hvc1", `"hvc1"`],
    ["av01", `"av01"`],
    ["vp09", `"vp09"`],
  ] as const
).flatMap(([codec, fourCc]): VideoVector[] => {
  // CodedFrames of AVC and HEVC carry SI24 compositionTimeOffset, those of AV1 and VP9 do not.
  const timed = codec === "avc1" || codec === "hvc1";
  return [
    {
      name: `${codec} SequenceStart`,
      section: ENHANCED,
      wire: wire(`90 ${fourCc} 01`),
      value: enhanced(codec, { packet: "config" }),
    },
    {
      name: `${codec} CodedFrames, keyframe`,
      section: ENHANCED,
      wire: wire(`91 ${fourCc} ff ff f0 26`),
      value: enhanced(codec, { isKeyframe: true, compositionTime: timed ? -16 : 0, dataOffset: timed ? 8 : 5 }),
    },
    {
      name: `${codec} CodedFramesX, inter frame`,
      section: ENHANCED,
      wire: wire(`a3 ${fourCc} 02`),
      value: enhanced(codec, {}),
    },
    {
      name: `${codec} SequenceEnd`,
      section: ENHANCED,
      wire: wire(`92 ${fourCc}`),
      value: enhanced(codec, { packet: "end" }),
    },
  ];
});

const ENHANCED_VECTORS: readonly VideoVector[] = [
  ...SINGLE,
  {
    name: "Metadata (HDR colorInfo)",
    section: ENHANCED,
    wire: wire(`94 "hvc1" 02 00 09 "colorInfo"`),
    value: enhanced("hvc1", { packet: "metadata" }),
  },
  {
    name: "MPEG2TSSequenceStart of AV1",
    section: ENHANCED,
    wire: wire(`95 "av01" 80`),
    value: enhanced("av01", { packet: "config" }),
  },
  {
    name: "a FourCC that we do not know",
    section: ENHANCED,
    wire: wire(`93 "vvc1" 01`),
    value: enhanced("unsupported", { isKeyframe: true }),
  },
  {
    name: "command frame: one byte, no FourCC",
    section: ENHANCED,
    wire: wire("d1 00"),
    value: enhanced("unsupported", { packet: "command", dataOffset: 1 }),
  },
  {
    name: "a command frame that is a Metadata packet has a FourCC",
    section: ENHANCED,
    wire: wire(`d4 "hvc1" 05`),
    value: enhanced("hvc1", { packet: "metadata" }),
  },
  { name: "packet type 8 is not defined", section: ENHANCED, wire: wire(`98 "hvc1" 00`), value: null },
  { name: "FourCC cut off", section: ENHANCED, wire: wire(`93 "hvc"`), value: null },
  { name: "composition time cut off", section: ENHANCED, wire: wire(`91 "hvc1" 00 00`), value: null },
  { name: "command frame without its byte", section: ENHANCED, wire: wire("d1"), value: null },
];

const MODEX = "E-RTMP v2, ModEx";
const MODEX_VECTORS: readonly VideoVector[] = [
  {
    name: "ModEx with a nanosecond offset before CodedFramesX",
    section: MODEX,
    wire: wire(`
      97              // keyframe, ModEx
      02 0f 42 3f     // 3 bytes: 999999 ns
      03              // type TimestampOffsetNano, then CodedFramesX
      "hvc1" 26`),
    value: enhanced("hvc1", { isKeyframe: true, dataOffset: 10 }),
  },
  {
    name: "ModEx inside ModEx",
    section: MODEX,
    wire: wire(`97  00 aa 07  00 bb 01  "avc1" 00 00 07 65`),
    value: enhanced("avc1", { isKeyframe: true, compositionTime: 7, dataOffset: 14 }),
  },
  {
    name: "ModEx of 256 bytes: the size needs two bytes",
    section: MODEX,
    wire: wire(`97  ff 00 ff  00*256  03  "av01" 12`),
    value: enhanced("av01", { isKeyframe: true, dataOffset: 1 + 3 + 256 + 1 + 4 }),
  },
  {
    name: "ModEx of 255 bytes: the longest of one byte",
    section: MODEX,
    wire: wire(`97  fe  00*255  03  "av01" 12`),
    value: enhanced("av01", { isKeyframe: true, dataOffset: 1 + 1 + 255 + 1 + 4 }),
  },
  {
    name: "ModEx before a Multitrack",
    section: MODEX,
    wire: wire(`97  00 aa 06  03 "hvc1" 05 26`),
    value: enhanced("hvc1", { isKeyframe: true, isMultitrack: true, trackId: 5, dataOffset: 10 }),
  },
  { name: "ModEx without a size", section: MODEX, wire: wire("97"), value: null },
  { name: "ModEx whose long size is cut off", section: MODEX, wire: wire("97 ff 00"), value: null },
  { name: "ModEx longer than the body", section: MODEX, wire: wire("97 05 00 00"), value: null },
  { name: "ModEx and nothing behind its data", section: MODEX, wire: wire("97 00 aa"), value: null },
];

const MULTITRACK = "E-RTMP v2, Multitrack";
const MULTITRACK_VECTORS: readonly VideoVector[] = [
  {
    name: "OneTrack (OBS): one FourCC, a track id, no size",
    section: MULTITRACK,
    wire: wire(`96 03 "hvc1" 01 26 01`),
    value: enhanced("hvc1", { isKeyframe: true, isMultitrack: true, trackId: 1, dataOffset: 7 }),
  },
  {
    name: "OneTrack CodedFrames with a composition time",
    section: MULTITRACK,
    wire: wire(`a6 01 "avc1" 02 00 00 21 41`),
    value: enhanced("avc1", { isMultitrack: true, trackId: 2, compositionTime: 33, dataOffset: 10 }),
  },
  {
    name: "ManyTracks: one FourCC, id and size per track",
    section: MULTITRACK,
    wire: wire(`96 10 "avc1"  00 00 00 02 01 64  01 00 00 01 01`),
    value: enhanced("avc1", { packet: "config", isMultitrack: true, dataOffset: 10 }),
  },
  {
    name: "ManyTracksManyCodecs: FourCC, id and size per track",
    section: MULTITRACK,
    wire: wire(`96 23  "av01" 00 00 00 02 12 00  "hvc1" 01 00 00 01 26`),
    value: enhanced("av01", { isKeyframe: true, isMultitrack: true, dataOffset: 10 }),
  },
  { name: "a Multitrack in a Multitrack", section: MULTITRACK, wire: wire(`96 06 "hvc1" 00 26`), value: null },
  { name: "multitrack type 3", section: MULTITRACK, wire: wire(`96 33 "hvc1" 00 26`), value: null },
  { name: "a track longer than the body", section: MULTITRACK, wire: wire(`96 13 "avc1" 00 00 00 05 01`), value: null },
  { name: "a second track cut off", section: MULTITRACK, wire: wire(`96 13 "avc1" 00 00 00 01 aa 01 00`), value: null },
  { name: "OneTrack without its id", section: MULTITRACK, wire: wire(`96 03 "hvc1"`), value: null },
  { name: "no multitrack type", section: MULTITRACK, wire: wire("96"), value: null },
];

export const VIDEO_VECTORS: readonly VideoVector[] = [
  ...CLASSIC_VECTORS,
  ...ENHANCED_VECTORS,
  ...MODEX_VECTORS,
  ...MULTITRACK_VECTORS,
];

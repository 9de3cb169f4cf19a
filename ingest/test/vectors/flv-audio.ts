/** Audio tag headers, written from Adobe FLV 10.1 §E.4.2 and E-RTMP v2 "Enhanced Audio". Null: malformed. */
import type { AudioHeader } from "../../src/flv/audio.ts";
import { type Vector, wire } from "./wire.ts";

export type AudioVector = Vector<AudioHeader | null>;

const CLASSIC = "Adobe FLV 10.1 §E.4.2";
const ENHANCED = "E-RTMP v2, Enhanced Audio";

const classic = (codec: AudioHeader["codec"], rest: Partial<AudioHeader> = {}): AudioHeader => ({
  packet: "frame",
  isEnhanced: false,
  isMultitrack: false,
  codec,
  trackId: 0,
  dataOffset: 1,
  ...rest,
});
const enhanced = (codec: AudioHeader["codec"], rest: Partial<AudioHeader> = {}): AudioHeader => ({
  ...classic(codec),
  isEnhanced: true,
  dataOffset: 5,
  ...rest,
});

export const AUDIO_VECTORS: readonly AudioVector[] = [
  {
    name: "AAC sequence header",
    section: CLASSIC,
    wire: wire("af 00 11 90"),
    value: classic("mp4a", { packet: "config", dataOffset: 2 }),
  },
  { name: "AAC raw", section: CLASSIC, wire: wire("af 01 21 00"), value: classic("mp4a", { dataOffset: 2 }) },
  { name: "MP3", section: CLASSIC, wire: wire("2f ff fb"), value: classic(".mp3") },
  { name: "MP3 at 8 kHz", section: CLASSIC, wire: wire("e2 ff e3"), value: classic(".mp3") },
  { name: "Speex", section: CLASSIC, wire: wire("b6 00"), value: classic("unsupported") },
  { name: "linear PCM", section: CLASSIC, wire: wire("3f 00 00"), value: classic("unsupported") },
  { name: "empty body (OBS at its end)", section: CLASSIC, wire: wire(""), value: null },
  { name: "AAC without its packet type", section: CLASSIC, wire: wire("af"), value: null },
  ...(
    [
      ["mp4a", `"mp4a"`],
      ["Opus", `"Opus"`],
      ["fLaC", `"fLaC"`],
      ["ac-3", `"ac-3"`],
      ["ec-3", `"ec-3"`],
      [".mp3", `".mp3"`],
    ] as const
  ).flatMap(([codec, fourCc]): AudioVector[] => [
    {
      name: `${codec} SequenceStart`,
      section: ENHANCED,
      wire: wire(`90 ${fourCc} 11 90`),
      value: enhanced(codec, { packet: "config" }),
    },
    { name: `${codec} CodedFrames`, section: ENHANCED, wire: wire(`91 ${fourCc} 21`), value: enhanced(codec) },
    {
      name: `${codec} SequenceEnd`,
      section: ENHANCED,
      wire: wire(`92 ${fourCc}`),
      value: enhanced(codec, { packet: "end" }),
    },
  ]),
  {
    name: "MultichannelConfig does not pass for the decoder's configuration",
    section: ENHANCED,
    wire: wire(`94 "Opus" 01 06 00 00 00 3f`),
    value: enhanced("Opus", { packet: "metadata" }),
  },
  {
    name: "a FourCC that we do not know",
    section: ENHANCED,
    wire: wire(`91 "dtsc" 7f`),
    value: enhanced("unsupported"),
  },
  { name: "packet type 3 is not defined", section: ENHANCED, wire: wire(`93 "mp4a" 00`), value: null },
  { name: "FourCC cut off", section: ENHANCED, wire: wire(`91 "Opu"`), value: null },
  {
    name: "ModEx twice, the second with a two-byte size",
    section: "E-RTMP v2, ModEx",
    wire: wire(`97  02 00 00 01 07  ff 01 00 00*257 01  "Opus" fc`),
    value: enhanced("Opus", { dataOffset: 1 + 5 + 3 + 257 + 1 + 4 }),
  },
  {
    name: "Multitrack OneTrack",
    section: "E-RTMP v2, Multitrack",
    wire: wire(`95 01 "mp4a" 02 21`),
    value: enhanced("mp4a", { isMultitrack: true, trackId: 2, dataOffset: 7 }),
  },
  {
    name: "Multitrack ManyTracks",
    section: "E-RTMP v2, Multitrack",
    wire: wire(`95 10 "mp4a"  00 00 00 02 11 90  01 00 00 02 12 10`),
    value: enhanced("mp4a", { packet: "config", isMultitrack: true, dataOffset: 10 }),
  },
  {
    name: "Multitrack ManyTracksManyCodecs",
    section: "E-RTMP v2, Multitrack",
    wire: wire(`95 21  "ac-3" 03 00 00 01 0b  "Opus" 04 00 00 01 fc`),
    value: enhanced("ac-3", { isMultitrack: true, trackId: 3, dataOffset: 10 }),
  },
];

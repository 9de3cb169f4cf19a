/** HEVC and AV1 as E-RTMP v2 tags: ffmpeg's FLV does not carry them before version 6, so they pass through fragmented MP4 and are framed here. */
import type { Sample, Track } from "../../src/packager/track.ts";
import { boxesIn, findBox } from "../../src/remux/box-reader.ts";
import { makeFmp4Reader } from "../../src/remux/fmp4-reader.ts";
import type { FlvTag } from "./flv-file.ts";

export const ENHANCED = { hevc: { fourCc: "hvc1", box: "hvcC" }, av1: { fourCc: "av01", box: "av1C" } } as const;
export type EnhancedCodec = keyof typeof ENHANCED;

/** Bytes of a VisualSampleEntry before its boxes (ISO/IEC 14496-12 §12.1.3). */
const VISUAL_FIELDS = 78;
const [SEQUENCE_START, CODED_FRAMES] = [0, 1];
/** `-movflags` and the like: a file that our reader reads. */
export const FMP4_OUTPUT = [
  ...["-movflags", "empty_moov+default_base_moof+delay_moov+frag_keyframe"],
  ...["-use_editlist", "0", "-f", "mp4"],
];

function configurationOf({ sampleEntry }: Track, box: string): Uint8Array {
  const view = new DataView(sampleEntry.buffer, sampleEntry.byteOffset, sampleEntry.byteLength);
  const entry = boxesIn(view, 0, sampleEntry.length).next().value;
  const found = entry === undefined ? null : findBox(view, entry.body + VISUAL_FIELDS, entry.end, box);
  if (found === null) throw new Error(`The video has no ${box}.`);
  return sampleEntry.slice(found.body, found.end);
}

function frame(fourCc: string, packet: number, isKey: boolean, cts: number, data: Uint8Array): Uint8Array {
  // E-RTMP v2: CodedFrames of HEVC have a composition time, those of AV1 none.
  const time = packet === CODED_FRAMES && fourCc === "hvc1" ? [(cts >> 16) & 0xff, (cts >> 8) & 0xff, cts & 0xff] : [];
  const head = [0x80 | ((isKey ? 1 : 2) << 4) | packet, ...new TextEncoder().encode(fourCc), ...time];
  const body = new Uint8Array(head.length + data.length);
  body.set(head);
  body.set(data, head.length);
  return body;
}

/** The video of a fragmented MP4 as enhanced tags. */
export function readEnhancedTags(file: Uint8Array, codec: EnhancedCodec): FlvTag[] {
  const { fourCc, box } = ENHANCED[codec];
  let video = -1;
  let track: Track | null = null;
  const samples: Sample[] = [];
  const reader = makeFmp4Reader({
    onTracks(tracks) {
      video = tracks.findIndex(({ kind }) => kind === "video");
      track = tracks[video] ?? null;
    },
    onSample(index, sample) {
      if (index === video) samples.push(sample);
    },
  });
  reader.push(file);
  const found = track as Track | null;
  if (found === null) throw new Error("There is no video in it.");
  const inMs = (ticks: number) => Math.round((ticks * 1_000) / found.timescale);
  const first = samples[0]?.dts ?? 0;
  const start = frame(fourCc, SEQUENCE_START, true, 0, configurationOf(found, box));
  return [
    { kind: "video", timestamp: 0, body: start },
    ...samples.map(
      ({ dts, cts, isSync, data }): FlvTag => ({
        kind: "video",
        timestamp: inMs(dts - first),
        body: frame(fourCc, CODED_FRAMES, isSync, Math.max(0, inMs(cts)), data),
      }),
    ),
  ];
}

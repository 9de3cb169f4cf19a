/** E-RTMP tags of codecs that this machine's ffmpeg can encode but not put into FLV: encoded to MP4, framed here as an encoder would. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Codec } from "../../flv/fourcc.ts";
import type { Sample, Track } from "../../packager/track.ts";
import { boxesIn, findBox } from "../box-reader.ts";
import { makeFmp4Reader } from "../fmp4-reader.ts";
import type { FlvTag } from "./flv.ts";

export interface EnhancedRecipe {
  readonly seconds: number;
  /** ffmpeg's encoder with its options. */
  readonly video?: { readonly codec: Codec; readonly encoder: readonly string[]; readonly pixels?: string };
  readonly audio?: { readonly codec: Codec; readonly encoder: readonly string[] };
}

export interface EnhancedFlv {
  readonly tags: readonly FlvTag[];
  /** What was in the MP4. */
  readonly tracks: readonly Track[];
  readonly samples: readonly (readonly Sample[])[];
}

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const FIELDS = { video: 78, audio: 28 } as const;

/** A box's body inside the sample entry. */
export function configOf({ kind, sampleEntry }: Track): { readonly type: string; readonly body: Uint8Array } {
  const view = new DataView(sampleEntry.buffer, sampleEntry.byteOffset, sampleEntry.byteLength);
  const entry = boxesIn(view, 0, sampleEntry.length).next().value!;
  for (const type of ["avcC", "hvcC", "av1C", "vpcC", "esds", "dOps", "dfLa", "dac3", "dec3"]) {
    const found = findBox(view, entry.body + FIELDS[kind], entry.end, type);
    if (found !== null) return { type, body: sampleEntry.slice(found.body, found.end) };
  }
  throw new Error(`no configuration in ${entry.type}`);
}

/** The sequence start of a track; null for codecs that have none. */
function sequenceStart(track: Track): Uint8Array | null {
  const { type, body } = configOf(track);
  switch (type) {
    case "dac3":
    case "dec3":
    case "esds":
      return null;
    case "vpcC":
      return body.subarray(4);
    case "dfLa":
      return Uint8Array.from([...ascii("fLaC"), ...body.subarray(4)]);
    case "dOps": {
      const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
      const head = new Uint8Array(19 + Math.max(0, body.length - 11));
      const out = new DataView(head.buffer);
      head.set(ascii("OpusHead"));
      head[8] = 1;
      head[9] = body[1]!;
      out.setUint16(10, view.getUint16(2), true);
      out.setUint32(12, view.getUint32(4), true);
      out.setUint16(16, view.getUint16(8), true);
      head[18] = body[10]!;
      head.set(body.subarray(11), 19);
      return head;
    }
    default:
      return body;
  }
}

const SEQUENCE_START = 0;
const CODED_FRAMES = 1;

function enhanced(
  kind: "audio" | "video",
  codec: Codec,
  packet: number,
  isSync: boolean,
  cts: number,
  data: Uint8Array,
) {
  const first = kind === "audio" ? 0x90 | packet : 0x80 | ((isSync ? 1 : 2) << 4) | packet;
  const hasTime = packet === CODED_FRAMES && (codec === "hvc1" || codec === "avc1");
  const time = hasTime ? [(cts >> 16) & 0xff, (cts >> 8) & 0xff, cts & 0xff] : [];
  const head = [first, ...ascii(codec), ...time];
  const body = new Uint8Array(head.length + data.length);
  body.set(head);
  body.set(data, head.length);
  return body;
}

export async function makeEnhancedFlv({ seconds, video, audio }: EnhancedRecipe): Promise<EnhancedFlv> {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-enhanced-"));
  const file = join(folder, "media.mp4");
  const inputs = [
    ...(video ? ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25"] : []),
    ...(audio ? ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"] : []),
  ];
  const encoders = [
    ...(video ? ["-c:v", ...video.encoder, "-pix_fmt", video.pixels ?? "yuv420p", "-g", "25"] : []),
    ...(audio ? ["-c:a", ...audio.encoder] : []),
  ];
  const output = [
    "-strict",
    "-2",
    "-movflags",
    "empty_moov+default_base_moof+delay_moov",
    "-frag_duration",
    "1",
    "-use_editlist",
    "0",
    "-f",
    "mp4",
    file,
  ];
  const child = Bun.spawn(
    ["ffmpeg", "-nostdin", "-v", "error", ...inputs, "-t", String(seconds), ...encoders, ...output],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const errors = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`ffmpeg could not encode: ${errors}`);
  let tracks: readonly Track[] = [];
  const samples: Sample[][] = [];
  const reader = makeFmp4Reader({
    onTracks(given) {
      tracks = given;
      for (const _ of given) samples.push([]);
    },
    onSample: (track, sample) => void samples[track]!.push(sample),
  });
  reader.push(await Bun.file(file).bytes());
  rmSync(folder, { recursive: true });
  const tags: FlvTag[] = [];
  for (const [index, track] of tracks.entries()) {
    const { kind } = track;
    const { codec } = (kind === "video" ? video : audio)!;
    const start = sequenceStart(track);
    if (start !== null) tags.push({ kind, timestamp: 0, body: enhanced(kind, codec, SEQUENCE_START, true, 0, start) });
    for (const { dts, cts, isSync, data } of samples[index]!) {
      const inMs = (ticks: number) => Math.round((ticks * 1000) / track.timescale);
      // Composition times of FLV are not negative: decode times lie early enough.
      tags.push({
        kind,
        timestamp: inMs(dts),
        body: enhanced(kind, codec, CODED_FRAMES, isSync, inMs(dts + cts) - inMs(dts), data),
      });
    }
  }
  return { tags: tags.toSorted((a, b) => a.timestamp - b.timestamp), tracks, samples };
}

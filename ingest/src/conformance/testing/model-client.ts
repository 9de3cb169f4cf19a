/** A presentation as a client would fetch it, made of text and bytes that keep every rule: tests spoil one thing of it. */
import { ms } from "../../bytes/units.ts";
import { chunkSize, writeChunk } from "../../packager/chunk.ts";
import { initSegment } from "../../packager/init-segment.ts";
import { audioTrack, videoTrack } from "../../packager/testing/model-broadcast.ts";
import { type Inspector, makeInspector } from "../inspector.ts";
import { type Answer, type Asked, partsOf } from "../presentation.ts";
import type { Violation } from "../rule.ts";

export const BASE = "http://host/live/x/";
export const START = Date.UTC(2026, 10, 24);
const FPS = 20;
const VIDEO_SCALE = 90_000;
const AUDIO_SCALE = 48_000;
const PARTS = 4;

export interface Shape {
  readonly rendition: "video" | "audio";
  readonly isLow: boolean;
  readonly target: number;
  readonly first: number;
  readonly count: number;
  /** Parts behind the last segment. */
  readonly growing: number;
  /** Segments that stand behind a discontinuity, each with an init segment of its own. */
  readonly breaks: readonly number[];
  readonly isEnded: boolean;
  /** Segments left out, as in a delta update. */
  readonly skipped: number;
}

const USUAL: Shape = {
  rendition: "video",
  isLow: true,
  target: 2,
  first: 10,
  count: 8,
  growing: 2,
  breaks: [],
  isEnded: false,
  skipped: 0,
};

/** A media playlist: segments of two seconds, parts of half a second. Segment n begins 2n seconds after the start. */
export function media(shape: Partial<Shape> = {}): string {
  const { rendition, isLow, target, first, count, growing, breaks, isEnded, skipped } = { ...USUAL, ...shape };
  const lines = ["#EXTM3U", "#EXT-X-VERSION:9", `#EXT-X-TARGETDURATION:${target}`, "#EXT-X-INDEPENDENT-SEGMENTS"];
  const live = isLow && !isEnded;
  if (live) {
    const control = `CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=${3 * target},CAN-SKIP-UNTIL=${6 * target}`;
    lines.push(`#EXT-X-SERVER-CONTROL:${control}`, "#EXT-X-PART-INF:PART-TARGET=0.5");
  }
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first}`);
  lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${breaks.filter((number) => number < first).length}`);
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  const epoch = (number: number): number => breaks.filter((each) => each <= number).length;
  const part = (number: number, index: number): string => {
    const isIndependent = rendition === "audio" || index === 0;
    const name = `p${number}-${index}.m4s`;
    return `#EXT-X-PART:DURATION=0.50000,URI="${name}"${isIndependent ? ",INDEPENDENT=YES" : ""}`;
  };
  const end = first + count;
  let mapped = skipped > 0 ? epoch(first + skipped - 1) : -1;
  const head = (number: number): void => {
    if (breaks.includes(number)) lines.push("#EXT-X-DISCONTINUITY");
    if (epoch(number) !== mapped) lines.push(`#EXT-X-MAP:URI="init-${epoch(number)}.mp4"`);
    mapped = epoch(number);
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(START + number * 2000).toISOString()}`);
  };
  for (let number = first + skipped; number < end; number++) {
    head(number);
    if (live && number >= end - 3) for (let index = 0; index < PARTS; index++) lines.push(part(number, index));
    lines.push("#EXTINF:2.00000,", `${number}.m4s`);
  }
  if (live) {
    if (growing > 0) head(end);
    for (let index = 0; index < growing; index++) lines.push(part(end, index));
    lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p${end}-${growing}.m4s"`);
    const other = rendition === "video" ? "audio" : "video";
    const last = growing > 0 ? `${end},LAST-PART=${growing - 1}` : `${end - 1},LAST-PART=${PARTS - 1}`;
    lines.push(`#EXT-X-RENDITION-REPORT:URI="../${other}/index.m3u8",LAST-MSN=${last}`);
  }
  if (isEnded) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

export const MASTER = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=100000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=20.000,AUDIO="audio"
video/index.m3u8
`;

export interface MpdShape {
  readonly isDynamic: boolean;
  readonly first: number;
  readonly count: number;
  readonly publishedAt: number;
}

/** The same as a manifest. */
export function manifest(shape: Partial<MpdShape> = {}): string {
  const { isDynamic, first, count, publishedAt } = { isDynamic: true, first: 10, count: 8, publishedAt: 36, ...shape };
  const time = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
  const set = (kind: "video" | "audio", scale: number, attributes: string, inner: string): string =>
    `<AdaptationSet id="${kind === "video" ? 1 : 2}" contentType="${kind}" mimeType="${kind}/mp4" lang="und" segmentAlignment="true" startWithSAP="1">
<Representation id="${kind}" bandwidth="100000" ${attributes}>${inner}
<SegmentTemplate timescale="${scale}" initialization="${kind}/init-0.mp4" media="${kind}/$Number$.m4s" startNumber="${first}"><SegmentTimeline>
<S t="${first * 2 * scale}" d="${2 * scale}" r="${count - 1}"/></SegmentTimeline></SegmentTemplate></Representation></AdaptationSet>`;
  const root = isDynamic
    ? `type="dynamic" availabilityStartTime="${time(0)}" publishTime="${time(publishedAt)}" minimumUpdatePeriod="PT1S" timeShiftBufferDepth="PT12S"`
    : `type="static" mediaPresentationDuration="PT${(first + count) * 2}S"`;
  const channels = `<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S" maxSegmentDuration="PT2.5S" ${root}>
<Period id="p0" start="PT0S">
${set("video", VIDEO_SCALE, 'codecs="avc1.64001f" width="640" height="360" frameRate="20" sar="1:1"', "")}
${set("audio", AUDIO_SCALE, 'codecs="mp4a.40.2" audioSamplingRate="48000"', channels)}
</Period>
${isDynamic ? '<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="/live/time"/>' : ""}
</MPD>
`;
}

export interface Piece {
  /** In seconds from the start. */
  readonly from: number;
  readonly seconds: number;
  readonly isSync?: boolean;
  /** Bytes of a frame. */
  readonly size?: number;
}

/** CMAF chunks, one per piece. */
export function bytesOf(rendition: "video" | "audio", ...pieces: readonly Piece[]): Uint8Array {
  const scale = rendition === "video" ? VIDEO_SCALE : AUDIO_SCALE;
  const chunks = pieces.map(({ from, seconds, isSync = true, size = 100 }) => {
    const duration = scale / FPS;
    const frames = Array.from({ length: Math.round(seconds * FPS) }, (_, index) => ({
      time: Math.round(from * scale) + index * duration,
      duration,
      cts: 0,
      isSync: rendition === "audio" || (isSync && index === 0),
      data: new Uint8Array(size),
    }));
    const out = new Uint8Array(chunkSize(frames));
    writeChunk(out, 0, rendition === "video" ? 1 : 2, 1, frames);
    return out;
  });
  return new Uint8Array(Buffer.concat(chunks));
}

export const segmentBytes = (rendition: "video" | "audio", number: number): Uint8Array =>
  bytesOf(rendition, { from: number * 2, seconds: 2 });

export const initBytes = (rendition: "video" | "audio", width = 640): Uint8Array =>
  rendition === "video" ? initSegment(videoTrack(width), VIDEO_SCALE) : initSegment(audioTrack(48_000), AUDIO_SCALE);

export interface ModelClient {
  readonly inspector: Inspector;
  readonly violations: Violation[];
  multivariant(text?: string): void;
  /** `at`: seconds after the start. */
  reload(text: string, at: number, options?: { asked?: Asked; rendition?: "video" | "audio"; sentAt?: number }): void;
  init(rendition?: "video" | "audio", bytes?: Uint8Array, name?: string): void;
  segment(number: number, bytes?: Uint8Array, rendition?: "video" | "audio"): void;
  part(number: number, index: number, bytes: Uint8Array, rendition?: "video" | "audio"): void;
  mpd(text: string, at: number): void;
  answer(at: number, status?: number, headers?: Readonly<Record<string, string>> | null): Answer;
}

export const uriOf = (rendition: string): string => `${BASE}${rendition}/index.m3u8`;

export function makeModelClient(): ModelClient {
  const violations: Violation[] = [];
  const digest = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const inspector = makeInspector({ digest, onViolation: (violation) => violations.push(violation) });
  const latest = new Map<string, ReturnType<Inspector["reload"]>>();
  let now = 36;
  const answer: ModelClient["answer"] = (at, status = 200, headers = null) => {
    const time = ms(START + at * 1000);
    return {
      status,
      headers: headers === null ? null : new Map(Object.entries(headers)),
      sentAt: time,
      receivedAt: time,
    };
  };
  return {
    inspector,
    violations,
    answer,
    multivariant: (text = MASTER) => void inspector.multivariant(`${BASE}master.m3u8`, text, answer(now)),
    reload(text, at, { asked, rendition = "video", sentAt = at } = {}) {
      now = at;
      const given = { ...answer(at), sentAt: ms(START + sentAt * 1000) };
      latest.set(rendition, inspector.reload(uriOf(rendition), text, given, asked ?? null));
    },
    init: (rendition = "video", bytes = initBytes(rendition), name = "init-0.mp4") =>
      void inspector.init(uriOf(rendition), { uri: name, range: null }, bytes, answer(now)),
    segment(number, bytes, rendition = "video") {
      const segment = latest.get(rendition)!.segments.find((each) => each.number === number)!;
      inspector.segment(uriOf(rendition), segment, bytes ?? segmentBytes(rendition, number), answer(now));
    },
    part(number, index, bytes, rendition = "video") {
      const place = partsOf(latest.get(rendition)!).find((each) => each.number === number && each.index === index)!;
      inspector.part(uriOf(rendition), place, bytes, answer(now));
    },
    mpd: (text, at) => void inspector.mpd(`${BASE}manifest.mpd`, text, answer(at)),
  };
}

/**
 * The remuxer without a child process: FLV says all that a sample needs, and the packager writes the boxes. It reads every codec of E-RTMP, whatever
 * the ffmpeg of this machine knows.
 */
import { WireError } from "../../bytes/wire-error.ts";
import { readAudioHeader } from "../../flv/audio.ts";
import type { ColourInfo } from "../../flv/colour-info.ts";
import { readVideoHeader } from "../../flv/video.ts";
import { readVideoConfig } from "../../flv/video-config.ts";
import { keepTag, type MediaTag } from "../../live/media-tag.ts";
import type { Track } from "../../packager/track.ts";
import { mergeColour, withColour } from "../colour-boxes.ts";
import { colourInfoOf } from "../colour-tags.ts";
import type { EpochPlan, Remuxer, RemuxSink } from "../remuxer.ts";
import { audioTrack } from "./audio-entry.ts";
import { VIDEO_TIMESCALE, videoTrack, vp9Colour, vp9Size } from "./video-entry.ts";

const PER_MS = VIDEO_TIMESCALE / 1000;
/** Frames are copied into slabs: fresh memory for each would cost more than the copy (docs/decisions/0002-hot-path.md). */
const SLAB = 256 * 1024;

interface Body {
  readonly data: Uint8Array;
  /** Milliseconds. */
  readonly compositionTime: number;
}

export function startNativeRemuxer(plan: EpochPlan, sink: RemuxSink): Remuxer {
  const names = renditionsOf(plan.heads);
  let tracks: readonly Track[] | null = null;
  /** Frames that came before the picture which tells its size. */
  let early: MediaTag[] = [];
  let slab = new Uint8Array(0);
  let filled = 0;
  let hasEnded = false;

  /** The session learns of the remuxer when it has been made: what it tells comes afterwards. */
  function finish(end: Parameters<RemuxSink["onEnd"]>[0]): void {
    if (hasEnded) return;
    hasEnded = true;
    queueMicrotask(() => sink.onEnd(end));
  }

  const fail = (reason: string): void => finish({ kind: "failed", reason, diagnosis: "" });

  function keep(bytes: Uint8Array): Uint8Array {
    if (bytes.length > SLAB / 4) return bytes.slice();
    if (filled + bytes.length > slab.length) {
      slab = new Uint8Array(SLAB);
      filled = 0;
    }
    const kept = slab.subarray(filled, filled + bytes.length);
    kept.set(bytes);
    filled += bytes.length;
    return kept;
  }

  /** False while the first picture has to be waited for. */
  function begin(first: MediaTag): boolean {
    if (plan.heads[0]?.codec === "vp09" && first.kind !== "video") {
      early.push(keepTag(first));
      return false;
    }
    tracks = plan.heads.map((head, index) => {
      const track = trackOf(head, first, colourInfoOf(plan, head.trackId));
      const rendition = names[index];
      return rendition === undefined ? track : { ...track, rendition };
    });
    sink.onTracks(tracks);
    const waiting = early;
    early = [];
    for (const tag of waiting) pass(tag);
    return true;
  }

  function pass(tag: MediaTag): void {
    const index = plan.heads.findIndex(({ kind, trackId }) => kind === tag.kind && trackId === tag.trackId);
    if (index < 0 || tag.isConfig || tag.isControl) return;
    const body = bodyOf(tag);
    if (body.data.length === 0) return;
    if (tracks === null && !begin(tag)) return;
    const track = tracks![index]!;
    const elapsed = tag.timestamp - plan.base;
    const isVideo = track.kind === "video";
    sink.onSample(index, {
      dts: isVideo ? elapsed * PER_MS : Math.round((elapsed * track.timescale) / 1000),
      cts: isVideo ? body.compositionTime * PER_MS : 0,
      isSync: !isVideo || tag.isKeyframe,
      data: keep(body.data),
    });
  }

  return {
    push(tag) {
      if (hasEnded) return;
      try {
        pass(tag);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        fail(`${error.code}: ${error.message}`);
      }
    },
    queuedBytes: 0,
    end: () => finish({ kind: "drained" }),
    kill: fail,
  };
}

/** Names of a multitrack publisher's other pictures, by their lines; undefined: the source's own track. */
function renditionsOf(heads: readonly MediaTag[]): readonly (string | undefined)[] {
  const taken = new Set<string>();
  return heads.map(({ kind, codec, payload, trackId }) => {
    if (trackId === 0 || kind !== "video") return undefined;
    const { width = 0, height = 0 } = readVideoConfig(payload, codec) ?? {};
    const lines = `${Math.min(width, height)}p`;
    const name = taken.has(lines) ? `${lines}-${trackId}` : lines;
    taken.add(name);
    return name;
  });
}

/** `first`: the epoch's first frame, which has what a VP9 configuration leaves out. */
function trackOf(head: MediaTag, first: MediaTag, info: ColourInfo | null): Track {
  const { data } = bodyOf(head);
  if (head.kind === "audio") return audioTrack(head.codec, data);
  const isVp9 = head.codec === "vp09";
  const config = isVp9 ? null : readVideoConfig(head.payload, head.codec);
  const size = isVp9 ? vp9Size(bodyOf(first).data) : config;
  if (size === null) throw new WireError("fmp4.malformed", `the picture's size can't be read (${head.codec})`);
  const { width, height } = size;
  const colour = isVp9 ? vp9Colour(data) : (config?.colour ?? null);
  return withColour(videoTrack(head.codec, data, { width, height }), mergeColour(colour, info), info);
}

const TEMPORAL_DELIMITER = 0x12;

function bodyOf({ kind, codec, payload }: MediaTag): Body {
  const header = kind === "video" ? readVideoHeader(payload) : readAudioHeader(payload);
  if (header === null) throw new WireError("fmp4.malformed", "a tag without a header");
  const compositionTime = "compositionTime" in header ? header.compositionTime : 0;
  const data = payload.subarray(header.dataOffset);
  // AV1-ISOBMFF §2.4: temporal delimiters are left out of samples.
  const isDelimited = codec === "av01" && data[0] === TEMPORAL_DELIMITER && data[1] === 0;
  return { data: isDelimited ? data.subarray(2) : data, compositionTime };
}

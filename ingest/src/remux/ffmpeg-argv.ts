import type { Codec } from "../flv/fourcc.ts";
import type { Rung } from "./ladder-rungs.ts";

export interface RemuxArgv {
  readonly video: Codec | null;
  readonly audio: Codec | null;
  /** Print ffmpeg's own errors. It writes two lines per frame about fragments that it cuts early, so only after a failure. */
  readonly verbose: boolean;
  /** Encoded from the picture, as tracks between it and the sound. */
  readonly rungs?: readonly Rung[];
}

/**
 * FLV on stdin to fragmented MP4 on stdout, a fragment per frame; nothing is transcoded but what a ladder asks for.
 *
 * - `-frag_duration 1` (microsecond) cuts before every frame, all tracks together. `frag_every_frame` would as well, but where
 *   the muxer holds a second packet of the track it adds that one's duration to the decode time of the first (5.1: a third of
 *   all audio frames came a frame too late).
 * - `-probesize`: the epoch's first bytes are its configurations and a keyframe, so 32 KiB is plenty. With one track the demuxer
 *   reads that much in any case, in vain: it waits for the other track, seconds for sound alone.
 * - `-copyts -avoid_negative_ts disabled`, `frag_discont`, no edit list: `tfdt` is the FLV timestamp, for both tracks alike.
 * - `-strict unofficial`: MP3 below 16 kHz (MPEG-2.5) is in no standard of MP4, and refused without it.
 * - `-video_track_timescale 90000` holds milliseconds exactly.
 * - `-bsf:a` is not needed: FLV carries AAC without ADTS.
 * - stdin is the input, so `-nostdin` must not be given; ffmpeg ends when it closes, also when the server was killed.
 */
export function remuxArgv({ video, audio, verbose, rungs = [] }: RemuxArgv): string[] {
  return [
    "-hide_banner",
    "-loglevel",
    verbose ? "error" : "fatal",
    "-probesize",
    probeSize(video, audio),
    "-analyzeduration",
    "0",
    "-fpsprobesize",
    "0",
    "-f",
    "flv",
    "-i",
    "pipe:0",
    ...(video === null ? [] : ["-map", "0:v:0"]),
    ...rungs.flatMap(() => ["-map", "0:v:0"]),
    ...(audio === null ? [] : ["-map", "0:a:0"]),
    "-c",
    "copy",
    ...rungs.flatMap((rung, index) => encoderArgv(rung, index + 1)),
    // Each picture keeps its own time.
    ...(rungs.length === 0 ? [] : ["-vsync", "passthrough"]),
    // HEVC and its parameter sets in the sample entry: the only form that Apple's players take.
    ...(video === "hvc1" ? ["-tag:v", "hvc1"] : []),
    "-strict",
    "unofficial",
    "-copyts",
    "-avoid_negative_ts",
    "disabled",
    "-f",
    "mp4",
    "-movflags",
    "empty_moov+default_base_moof+frag_discont+skip_trailer+skip_sidx",
    "-frag_duration",
    "1",
    "-use_editlist",
    "0",
    "-video_track_timescale",
    "90000",
    "-flush_packets",
    "1",
    "pipe:1",
  ];
}

/**
 * One picture encoded beside the source, `stream`: the number among the output's video streams.
 *
 * - `-force_key_frames source` with `-forced-idr`, no scene cuts and no GOP length of its own: keyframes where the source has them and nowhere else,
 *   so that all renditions are cut at the same moments.
 * - `-enc_time_base 1/1000`: times in FLV's milliseconds.
 * - `-tune zerolatency`: no look-ahead, no reordering; the rendition is as late as its encoder needs for a picture.
 */
function encoderArgv({ width, height, bitrate }: Rung, stream: number): string[] {
  const to = (option: string, value: string): string[] => [`-${option}:v:${stream}`, value];
  return [
    ...to("c", "libx264"),
    ...to("preset", "veryfast"),
    ...to("tune", "zerolatency"),
    ...to("pix_fmt", "yuv420p"),
    ...to("filter", `scale=${width}:${height}`),
    ...to("b", String(bitrate)),
    ...to("maxrate", String(Math.round(bitrate * 1.2))),
    ...to("bufsize", String(bitrate)),
    ...to("force_key_frames", "source"),
    ...to("forced-idr", "1"),
    ...to("sc_threshold", "0"),
    ...to("g", "9999"),
    ...to("enc_time_base", "1:1000"),
  ];
}

function probeSize(video: Codec | null, audio: Codec | null): string {
  if (video === null) return "512";
  if (audio === null) return "1024";
  // MP3 has no configuration: its first frame may come behind a large keyframe, and until then the demuxer knows of no sound.
  return audio === ".mp3" ? "4194304" : "32768";
}

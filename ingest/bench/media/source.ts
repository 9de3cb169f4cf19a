/** The medium that every bench publishes: made once by ffmpeg and kept, so that all servers get the same bytes. */
import { mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { progress } from "../cli/report.ts";

export const CACHE_FOLDER = join(import.meta.dir, "..", ".cache");

export interface SourceOptions {
  readonly seconds: number;
  readonly videoKbps: number;
}

export const DEFAULT_SOURCE: SourceOptions = { seconds: 20, videoKbps: 2400 };

/** 720p30 H.264 High without B-frames, 2 s GOP, constant bit rate, with 128 kbit/s AAC at 48 kHz. The path of the FLV file. */
export async function ensureSource({ seconds, videoKbps }: SourceOptions = DEFAULT_SOURCE): Promise<string> {
  const file = join(CACHE_FOLDER, `source-${videoKbps}k-${seconds}s.flv`);
  if (await Bun.file(file).exists()) return file;
  const ffmpeg = Bun.which("ffmpeg");
  if (ffmpeg === null)
    throw new Error("The bench needs ffmpeg to make its source: install it (Debian: apt-get install ffmpeg).");
  mkdirSync(CACHE_FOLDER, { recursive: true });
  progress(`Making ${seconds} s of source media (once) …`);
  // Written beside and renamed: an interrupted run leaves no half a source.
  const unfinished = `${file}.${process.pid}.part`;
  const rate = [
    "-b:v",
    `${videoKbps}k`,
    "-minrate",
    `${videoKbps}k`,
    "-maxrate",
    `${videoKbps}k`,
    "-bufsize",
    `${videoKbps}k`,
  ];
  const made = Bun.spawn(
    [
      [ffmpeg, "-hide_banner", "-v", "error", "-y"],
      ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30,noise=alls=8:allf=t"],
      ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
      ["-t", `${seconds}`, "-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-pix_fmt", "yuv420p"],
      ["-bf", "0", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", ...rate, "-x264-params", "nal-hrd=cbr"],
      ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "flv", unfinished],
    ].flat(),
    { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
  );
  if ((await made.exited) !== 0) throw new Error("ffmpeg could not make the source media.");
  renameSync(unfinished, file);
  return file;
}

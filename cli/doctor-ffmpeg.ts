/** What the ffmpeg of this machine can do for StreamHub. */
import { FfmpegError, probeFfmpeg } from "@streamhub/ingest/remux/ffmpeg-probe";
import type { Check } from "./doctor-line.ts";

const HOW_TO_GET_IT =
  "Install it (Debian, Ubuntu: apt-get install ffmpeg; Fedora: dnf install ffmpeg; macOS: brew install ffmpeg) or set FFMPEG_PATH to an ffmpeg";
const ENHANCED = ["hvc1", "av01", "vp09", "Opus", "fLaC", "ac-3", "ec-3"] as const;

/** Presence and version; which codecs of E-RTMP it can remux. */
export async function ffmpegChecks(path: string): Promise<Check[]> {
  try {
    const ffmpeg = await probeFfmpeg(path);
    const missing = ENHANCED.filter((codec) => !ffmpeg.codecs.has(codec));
    const found = `ffmpeg ${ffmpeg.version} (${ffmpeg.path}) remuxes ${[...ffmpeg.codecs].join(", ")}`;
    const codecs: Check =
      missing.length === 0
        ? { name: "codecs", state: "ok", found: "all codecs of Enhanced RTMP can be packaged" }
        : {
            name: "codecs",
            state: "ok",
            found: `all codecs of Enhanced RTMP can be packaged: ${missing.join(", ")} by StreamHub itself, unless REMUXER=ffmpeg`,
          };
    return [{ name: "ffmpeg", state: "ok", found }, codecs];
  } catch (error) {
    if (!(error instanceof FfmpegError)) throw error;
    const isMissing = error.code === "ffmpeg.missing";
    return [
      {
        name: "ffmpeg",
        state: isMissing ? "warn" : "fail",
        found: isMissing
          ? "ffmpeg is not on PATH: broadcasts are served, without thumbnails, quality levels and downloads"
          : error.message,
        mend: HOW_TO_GET_IT,
      },
    ];
  }
}

/** The demo picture and quality levels need an H.264 encoder; going live from an encoder does not. */
export async function encoderCheck(path: string): Promise<Check> {
  const name = "encoder";
  const file = Bun.which(path);
  if (file === null) return { name, state: "warn", found: "no ffmpeg, so no demo picture", mend: HOW_TO_GET_IT };
  const child = Bun.spawn([file, "-hide_banner", "-encoders"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: 10_000,
  });
  const [text] = await Promise.all([child.stdout.text(), child.exited]);
  return text.includes(" libx264 ")
    ? { name, state: "ok", found: "ffmpeg encodes H.264 (libx264)" }
    : {
        name,
        state: "warn",
        found: "this ffmpeg has no libx264, so no demo picture",
        mend: "Install an ffmpeg with libx264",
      };
}

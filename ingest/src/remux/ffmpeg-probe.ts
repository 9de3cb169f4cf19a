import { CHILD_ENVIRONMENT } from "../child/environment.ts";
import type { Codec } from "../flv/fourcc.ts";

export interface Ffmpeg {
  readonly path: string;
  /** As it names itself: `5.1.9-0+deb12u1`, `n7.1`, `N-118193-g…`. */
  readonly version: string;
  /** What it can remux from FLV to fragmented MP4. */
  readonly codecs: ReadonlySet<Codec>;
}

export type FfmpegErrorCode = "ffmpeg.missing" | "ffmpeg.unusable" | "ffmpeg.too-old";

export class FfmpegError extends Error {
  override readonly name = "FfmpegError";
  constructor(
    readonly code: FfmpegErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** The first release, and the libavformat in it, that reads a codec from FLV. Builds from git name no release. */
interface Since {
  readonly release: string;
  readonly libavformat: readonly [number, number];
}

const CLASSIC: Since = { release: "4.0", libavformat: [58, 12] };
const ENHANCED_VIDEO: Since = { release: "6.1", libavformat: [60, 16] };
const ENHANCED_AUDIO: Since = { release: "7.1", libavformat: [61, 7] };

const SINCE: Readonly<Record<Exclude<Codec, "unsupported">, Since>> = {
  avc1: CLASSIC,
  mp4a: CLASSIC,
  ".mp3": CLASSIC,
  hvc1: ENHANCED_VIDEO,
  av01: ENHANCED_VIDEO,
  vp09: ENHANCED_VIDEO,
  Opus: ENHANCED_AUDIO,
  fLaC: ENHANCED_AUDIO,
  "ac-3": ENHANCED_AUDIO,
  "ec-3": ENHANCED_AUDIO,
};

const NAMES: Readonly<Record<Codec, string>> = {
  avc1: "H.264",
  hvc1: "HEVC",
  av01: "AV1",
  vp09: "VP9",
  mp4a: "AAC",
  ".mp3": "MP3",
  Opus: "Opus",
  fLaC: "FLAC",
  "ac-3": "AC-3",
  "ec-3": "E-AC-3",
  unsupported: "an unknown codec",
};

const VERSION_TIMEOUT_MS = 10_000;

/** Asks an ffmpeg what it is. `path`: a file or a name on PATH. Throws FfmpegError with a sentence that says what to do. */
export async function probeFfmpeg(path = "ffmpeg"): Promise<Ffmpeg> {
  const file = Bun.which(path);
  if (file === null) {
    throw new FfmpegError("ffmpeg.missing", `${path} is not installed; on Debian or Ubuntu: apt-get install ffmpeg`);
  }
  const child = Bun.spawn([file, "-version"], {
    env: CHILD_ENVIRONMENT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    timeout: VERSION_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  if (code !== 0) throw new FfmpegError("ffmpeg.unusable", `${file} -version ended with code ${code}`);
  return readVersion(file, text);
}

/** Reads the text of `ffmpeg -version`. */
export function readVersion(path: string, text: string): Ffmpeg {
  const version = /^ffmpeg version (\S+)/.exec(text)?.[1];
  const library = /^libavformat\s+(\d+)\.\s*(\d+)\./m.exec(text);
  if (version === undefined || library === null) {
    throw new FfmpegError("ffmpeg.unusable", `${path} does not answer like ffmpeg`);
  }
  const has = ({ libavformat: [major, minor] }: Since): boolean => {
    const [ours, ourMinor] = [Number(library[1]), Number(library[2])];
    return ours > major || (ours === major && ourMinor >= minor);
  };
  if (!has(CLASSIC)) {
    throw new FfmpegError("ffmpeg.too-old", `ffmpeg ${version} is too old; ${CLASSIC.release} or newer is needed`);
  }
  const codecs = (Object.keys(SINCE) as (keyof typeof SINCE)[]).filter((codec) => has(SINCE[codec]));
  return { path, version, codecs: new Set<Codec>(codecs) };
}

/** Why a codec can't be remuxed here, for the streamer; null when it can. */
export function whyNot(ffmpeg: Ffmpeg, codec: Codec): string | null {
  if (ffmpeg.codecs.has(codec)) return null;
  if (codec === "unsupported") {
    return "This audio or video codec is not supported; choose H.264 video and AAC audio in the encoder.";
  }
  const { release } = SINCE[codec];
  return (
    `${NAMES[codec]} needs ffmpeg ${release} or newer on the server, which has ${ffmpeg.version}; ` +
    "choose H.264 video and AAC audio in the encoder, or upgrade ffmpeg."
  );
}

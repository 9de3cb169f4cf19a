/** What publishers send, as an FLV file in the cache: made here, or any file that ffmpeg reads, remuxed once without being encoded anew. */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { encodeFlvHeader, encodeFlvTag, FlvTagType } from "../../src/flv/mux.ts";
import { readVideoHeader } from "../../src/flv/video.ts";
import { type OptionTable, type OptionValues, option, UsageError } from "../cli/options.ts";
import { progress } from "../cli/report.ts";
import { drawClockRow, ROW_HEIGHT } from "../latency/clock-picture.ts";
import { bitsOf, oneOf, secondsOf, wholeOf } from "../tool/values.ts";
import { ENHANCED, type EnhancedCodec, FMP4_OUTPUT, readEnhancedTags } from "./enhanced.ts";
import { type FlvTag, readFlvTags } from "./flv-file.ts";
import { CACHE_FOLDER } from "./source.ts";
import { makeTimeline } from "./timeline.ts";

export const MEDIA_OPTIONS = {
  source: option(
    "source",
    "",
    "media file (FLV, MP4, anything ffmpeg reads); without it a picture with a clock is made",
  ),
  codec: option("codec", "h264", "of what is made: h264, hevc or av1 (E-RTMP)"),
  bitrate: option("bitrate", "2400k", "video bits per second of what is made"),
  size: option("size", "1280x720", "picture of what is made"),
  fps: option("fps", 30, "frames per second of what is made"),
  gop: option("gop", "2s", "time between keyframes of what is made"),
} satisfies OptionTable;

export interface PreparedMedia {
  /** An FLV file. */
  readonly file: string;
  /** Bits per second with sound and framing. */
  readonly bitsPerSecond: number;
  readonly fps: number;
  readonly notes: readonly string[];
}

const MAX_SOURCE = 512 * 1024 * 1024;
const GENERATED_SECONDS = 12;
const CLOCK_WIDTH = 640;
const ENCODERS: Readonly<Record<"h264" | EnhancedCodec, readonly string[]>> = {
  h264: ["libx264", "-profile:v", "high", "-preset", "veryfast", "-bf", "0"],
  hevc: ["libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:bframes=0"],
  av1: ["libsvtav1", "-preset", "12", "-svtav1-params", "pred-struct=1"],
};

function ffmpeg(): string {
  const found = Bun.which("ffmpeg");
  if (found === null) throw new UsageError("This needs ffmpeg: install it (Debian: apt-get install ffmpeg).");
  return found;
}

async function run(args: readonly string[], input?: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>) {
  const child = Bun.spawn([ffmpeg(), "-hide_banner", "-v", "error", "-y", ...args], {
    stdin: input === undefined ? "ignore" : "pipe",
    stdout: "ignore",
    stderr: "pipe",
    timeout: 300_000,
  });
  const errors = child.stderr.text();
  if (input !== undefined) {
    const stdin = child.stdin as unknown as Bun.FileSink;
    await input(async (bytes) => void (await stdin.write(bytes))).catch(() => {});
    await Promise.resolve(stdin.end()).catch(() => {});
  }
  return (await child.exited) === 0 ? null : ((await errors).trim().split("\n").at(-1) ?? "no reason given");
}

/** Writes the whole file beside its place and renames: an interrupted run leaves no half a source. */
async function cached(name: string, make: (unfinished: string) => Promise<void>): Promise<string> {
  const file = join(CACHE_FOLDER, name);
  if (await Bun.file(file).exists()) return file;
  mkdirSync(CACHE_FOLDER, { recursive: true });
  const unfinished = join(CACHE_FOLDER, `part-${process.pid}-${name}`);
  try {
    await make(unfinished);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return file;
}

async function joinTags(file: string, video: readonly FlvTag[], audio: readonly FlvTag[]): Promise<void> {
  const tags = [...video, ...audio].sort((a, b) => a.timestamp - b.timestamp);
  const parts = tags.map(({ kind, timestamp, body }) => encodeFlvTag(FlvTagType[kind], timestamp, body));
  await Bun.write(file, Buffer.concat([encodeFlvHeader(audio.length > 0, true), ...parts]));
}

/** `input` with its video copied into an FLV, whatever its codec; sound as AAC. */
async function remux(input: string, out: string, codec: string, audio: readonly string[]): Promise<string | null> {
  if (codec === "h264")
    return run(["-i", input, "-map", "0:v:0", "-map", "0:a:0?", "-c:v", "copy", ...audio, "-f", "flv", out]);
  const fmp4 = `${out}.mp4`;
  const sound = `${out}.sound.flv`;
  try {
    const failed = await run(["-i", input, "-map", "0:v:0", "-c:v", "copy", "-strict", "-2", ...FMP4_OUTPUT, fmp4]);
    if (failed !== null) return failed;
    const silent = (await run(["-i", input, "-map", "0:a:0", "-vn", ...audio, "-f", "flv", sound])) !== null;
    const video = readEnhancedTags(await Bun.file(fmp4).bytes(), codec as EnhancedCodec);
    const heard = silent ? [] : readFlvTags(await Bun.file(sound).bytes());
    await joinTags(
      out,
      video,
      heard.filter(({ kind }) => kind === "audio"),
    );
    return null;
  } finally {
    for (const file of [fmp4, sound]) rmSync(file, { force: true });
  }
}

async function generate(values: OptionValues<typeof MEDIA_OPTIONS>): Promise<string> {
  const codec = oneOf("codec", values.codec, ["h264", "hevc", "av1"] as const);
  const bits = bitsOf("bitrate", values.bitrate, 50_000, 100e6);
  const fps = wholeOf("fps", values.fps, 1, 120);
  const gop = secondsOf("gop", values.gop, 0.2, 10);
  if (!/^\d{2,4}x\d{2,4}$/.test(values.size)) throw new UsageError("--size takes WIDTHxHEIGHT, such as 1280x720.");
  const [width, height] = values.size.split("x").map(Number) as [number, number];
  if (width % 2 !== 0 || height % 2 !== 0) throw new UsageError("--size takes even numbers.");
  // Whole GOPs, so that the loop has no seam.
  const seconds = Math.ceil(GENERATED_SECONDS / gop) * gop;
  const frames = String(Math.round(gop * fps));
  const row = Math.max(8, 2 * Math.round((ROW_HEIGHT * height) / 720));
  const name = `made-${codec}-${Math.round(bits / 1e3)}k-${width}x${height}-${fps}-${frames}.flv`;
  return cached(name, async (unfinished) => {
    progress(`Making ${seconds} s of ${codec} at ${values.size} (once) …`);
    const rate = [`-b:v`, `${bits}`, "-maxrate", `${bits}`, "-bufsize", `${bits}`];
    const steady = codec === "h264" ? ["-minrate", `${bits}`, "-sc_threshold", "0", "-x264-params", "nal-hrd=cbr"] : [];
    const encoded = `${unfinished}.mkv`;
    const args = [
      ["-f", "lavfi", "-i", `testsrc2=size=${values.size}:rate=${fps},noise=alls=8:allf=t`],
      ["-f", "rawvideo", "-pix_fmt", "gray", "-s", `${CLOCK_WIDTH}x${ROW_HEIGHT}`, "-r", `${fps}`, "-i", "pipe:0"],
      ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
      ["-filter_complex", `[1]scale=${width}:${row}:flags=neighbor[clock];[0][clock]overlay=0:0,format=yuv420p[v]`],
      ["-map", "[v]", "-map", "2:a", "-t", `${seconds}`, "-c:v", ...ENCODERS[codec]],
      ["-g", frames, "-keyint_min", frames, ...(codec === "av1" ? ["-b:v", `${bits}`] : [...rate, ...steady])],
      ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "matroska", encoded],
    ].flat();
    try {
      const picture = new Uint8Array(CLOCK_WIDTH * ROW_HEIGHT);
      const failed = await run(args, async (write) => {
        for (let frame = 0; frame < seconds * fps; frame++) {
          drawClockRow(picture, CLOCK_WIDTH, Math.round((frame * 1_000) / fps));
          await write(picture.slice());
        }
      });
      if (failed !== null) throw new UsageError(`ffmpeg could not make the ${codec} source: ${failed}`);
      const joined = await remux(encoded, unfinished, codec, ["-c:a", "copy"]);
      if (joined !== null) throw new UsageError(`ffmpeg could not make the ${codec} source: ${joined}`);
    } finally {
      rmSync(encoded, { force: true });
    }
  });
}

interface Probed {
  readonly codec_type: string;
  readonly codec_name: string;
}

async function probe(file: string): Promise<Probed[]> {
  const ffprobe = Bun.which("ffprobe");
  if (ffprobe === null) throw new UsageError("Reading this file needs ffprobe, which comes with ffmpeg.");
  const args = ["-v", "error", "-show_entries", "stream=codec_type,codec_name", "-of", "json", "-i", file];
  const child = Bun.spawn([ffprobe, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 30_000 });
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0)
    throw new UsageError(`${file} can't be read as media: ${errors.trim().split("\n").at(-1) ?? "ffprobe failed"}`);
  return (JSON.parse(out) as { streams?: Probed[] }).streams ?? [];
}

async function prepareFile(file: string): Promise<{ file: string; notes: string[] }> {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) throw new UsageError(`There is no media file ${file}.`);
  if (stat.size > MAX_SOURCE)
    throw new UsageError(`${file} is larger than ${MAX_SOURCE / 2 ** 20} MiB: cut a piece of it.`);
  const head = new Uint8Array(await Bun.file(file).slice(0, 3).arrayBuffer());
  if (Buffer.from(head).toString("latin1") === "FLV") return { file, notes: [] };
  const streams = await probe(file);
  const video = streams.find(({ codec_type }) => codec_type === "video")?.codec_name;
  if (video === undefined) throw new UsageError(`${file} has no video: the bench publishes video.`);
  if (video !== "h264" && !(video in ENHANCED))
    throw new UsageError(`${file} has ${video} video, which RTMP does not carry here: h264, hevc and av1 do.`);
  const sound = streams.find(({ codec_type }) => codec_type === "audio")?.codec_name;
  const isPlain = sound === undefined || sound === "aac" || sound === "mp3";
  const notes = isPlain ? [] : [`The sound of the source is ${sound}: it was encoded as AAC.`];
  const audio = isPlain ? ["-c:a", "copy"] : ["-c:a", "aac", "-b:a", "128k", "-ar", "48000"];
  const name = `file-${Bun.hash(`${file} ${stat.size} ${stat.mtimeMs}`).toString(36)}.flv`;
  const made = await cached(name, async (unfinished) => {
    const failed = await remux(file, unfinished, video, audio);
    if (failed !== null) throw new UsageError(`${file} can't be put into FLV: ${failed}`);
  });
  return { file: made, notes };
}

/** Every mistake in `values` or in the file is a UsageError. */
export async function prepareMedia(values: OptionValues<typeof MEDIA_OPTIONS>): Promise<PreparedMedia> {
  const { file, notes } =
    values.source === "" ? { file: await generate(values), notes: [] } : await prepareFile(values.source);
  try {
    const bytes = await Bun.file(file).bytes();
    const tags = readFlvTags(bytes);
    const timeline = makeTimeline(tags, 4_096);
    const frames = timeline.messages.filter(({ isVideo }) => isVideo).length;
    const remarks: string[] = [...notes];
    if (tags.some(({ kind, body }) => kind === "video" && (readVideoHeader(body)?.compositionTime ?? 0) > 0))
      remarks.push("The source has B-frames: they are sent in the order of decoding, as encoders do.");
    if (tags.length > 0 && endOf(bytes, tags) < bytes.length - 4)
      remarks.push("The source is cut off: it is used up to the last whole frame.");
    return {
      file,
      bitsPerSecond: (timeline.bytes * 8_000) / timeline.duration,
      fps: (frames * 1_000) / timeline.duration,
      notes: remarks,
    };
  } catch (error) {
    throw new UsageError(`${file} can't be published: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const endOf = (file: Uint8Array, tags: readonly FlvTag[]): number => {
  const { body } = tags.at(-1)!;
  return body.byteOffset - file.byteOffset + body.length;
};

/** Where the two remuxers' files of the same tags are not the same, in words. */
import { startFfmpegRemuxer } from "../../src/remux/ffmpeg-remuxer.ts";
import { startNativeRemuxer } from "../../src/remux/native/native-remuxer.ts";
import type { MakeRemuxer } from "../../src/remux/remuxer.ts";
import type { FlvTag } from "../../src/remux/testing/flv.ts";
import { EPOCH_MS, packaged } from "./packaged.ts";
import { type ReadBack, type ReadPacket, readBack } from "./read-back.ts";

const viaFfmpeg: MakeRemuxer = (plan, sink) => startFfmpegRemuxer(plan, sink, { path: "ffmpeg", verbose: true });

/**
 * FLV says when sound is in whole milliseconds. ffmpeg guesses what lies between them from how long the frames are, natively it is what was said until the
 * packager's grid has it: both may be off by less than one. Pictures have no such guess: theirs are exact.
 */
const FLV_TICK = 0.001;
/** All that is said of a file is too much: the first of it tells. */
const MAX_WORDS = 5;

/** Empty: there are none. `ours`: what is tried. */
export async function differences(tags: readonly FlvTag[], ours: MakeRemuxer = startNativeRemuxer): Promise<string[]> {
  const [native, ffmpeg] = await Promise.all([packaged(tags, ours), packaged(tags, viaFfmpeg)]);
  const found: string[] = [];
  if (native.length === 0) found.push("nothing came out at all");
  for (const [epoch, mine] of native.entries()) {
    const theirs = ffmpeg[epoch]!;
    // MP3 has no configuration: an ffmpeg that was promised some and finds none until its input ends writes nothing at all.
    if (mine.isPromiseBroken) continue;
    for (const [name, { end }] of Object.entries({ native: mine, ffmpeg: theirs }))
      if (end.kind === "failed") found.push(`epoch ${epoch}: ${name} failed: ${end.reason} ${end.diagnosis}`);
    const names = (files: ReadonlyMap<string, Uint8Array>) => [...files.keys()].toSorted().join(", ");
    if (names(mine.files) !== names(theirs.files)) {
      found.push(`epoch ${epoch}: native has ${names(mine.files)}; ffmpeg ${names(theirs.files)}`);
      continue;
    }
    for (const [name, file] of mine.files) {
      const [a, b] = await Promise.all([readBack(file), readBack(theirs.files.get(name)!)]);
      found.push(...compare(a, b, (epoch * EPOCH_MS) / 1000).map((words) => `epoch ${epoch}, ${name}: ${words}`));
    }
  }
  return found;
}

/** `start`: of the epoch, in seconds. */
function compare(native: ReadBack, ffmpeg: ReadBack, start: number): string[] {
  const found: string[] = [];
  for (const { complaints } of [native, ffmpeg]) if (complaints !== "") found.push(complaints);
  for (const [key, value] of Object.entries(native.stream)) {
    const other = ffmpeg.stream[key];
    if (value !== other && !isKnown(key, native)) found.push(`${key} ${value}; ffmpeg ${other}`);
  }
  const tolerance = isSound(native) ? FLV_TICK * Number(native.stream.sample_rate) : 0;
  const [ours, others] = isSound(native)
    ? withoutEarlier(native.packets, ffmpeg.packets, start * Number(native.stream.sample_rate), tolerance)
    : [native.packets, ffmpeg.packets];
  if (ours.length !== others.length) found.push(`${ours.length} samples; ffmpeg ${others.length}`);
  for (const [at, mine] of ours.entries()) {
    const theirs = others[at];
    if (theirs === undefined) break;
    for (const key of ["size", "flags", "data_hash"] as const)
      if (mine[key] !== theirs[key]) found.push(`sample ${at}: ${key} ${mine[key]}; ffmpeg ${theirs[key]}`);
    for (const key of ["pts", "dts", "duration"] as const)
      if (Math.abs(mine[key] - theirs[key]) > tolerance)
        found.push(`sample ${at}: ${key} ${mine[key]}; ffmpeg ${theirs[key]}`);
  }
  return found.length > MAX_WORDS ? [...found.slice(0, MAX_WORDS), `and ${found.length - MAX_WORDS} more`] : found;
}

/** Sound from before the epoch's start is left out: of a frame that lies there to the millisecond one may say so, and the other not. */
function withoutEarlier(
  a: readonly ReadPacket[],
  b: readonly ReadPacket[],
  start: number,
  tolerance: number,
): [readonly ReadPacket[], readonly ReadPacket[]] {
  const isAtStart = ([first]: readonly ReadPacket[]) => first !== undefined && first.pts - start <= tolerance;
  if (a.length === b.length + 1 && isAtStart(a)) return [a.slice(1), b];
  if (b.length === a.length + 1 && isAtStart(b)) return [a, b.slice(1)];
  return [a, b];
}

const isSound = ({ stream }: ReadBack): boolean => stream.sample_rate !== undefined;

/** Where ffmpeg is the one that is wrong. */
function isKnown(key: string, { stream }: ReadBack): boolean {
  return key === "channels" && stream.codec_name === "mp3";
}

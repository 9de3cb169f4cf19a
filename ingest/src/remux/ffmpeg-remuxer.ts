import { WireError } from "../bytes/wire-error.ts";
import { CHILD_ENVIRONMENT } from "../child/environment.ts";
import { encodeFlvHeader } from "../flv/mux.ts";
import type { Track } from "../packager/track.ts";
import { mergeColour, withColour } from "./colour-boxes.ts";
import { colourInfoOf } from "./colour-tags.ts";
import { remuxArgv } from "./ffmpeg-argv.ts";
import { makeFlvFeed } from "./flv-feed.ts";
import { makeFmp4Reader } from "./fmp4-reader.ts";
import type { Rung } from "./ladder-rungs.ts";
import type { EpochPlan, Remuxer, RemuxSink } from "./remuxer.ts";
import { makeTail } from "./tail.ts";

export interface FfmpegRemuxerOptions {
  readonly path: string;
  readonly verbose: boolean;
  /** Encoded from the picture beside it. */
  readonly rungs?: readonly Rung[];
  /**
   * How much media crosses the pipes at once. Every crossing costs system calls and wake-ups in both processes, more than all the
   * rest of remuxing; but for keyframes, see `flv-feed.ts`. 0: each frame at once.
   */
  readonly batchMs?: number;
  /** How long ffmpeg may take to give back what it holds once its input has ended. */
  readonly drainTimeoutMs?: number;
  /** Told about the child, so that its memory and end can be watched. */
  readonly onChild?: (pid: number) => void;
}

/** A keyframe, which ends a segment, never waits; sound alone, and a cut between keyframes, are late by up to this. */
const BATCH_MS = 400;
const DRAIN_TIMEOUT_MS = 5_000;
const KILL_AFTER_MS = 1_000;
/** FLV time of the epoch's first frame: room for sound that begins a little before the picture, and far from 2^24. */
const LEAD_MS = 1_000;

/** One ffmpeg child for one epoch. It never outlives its input: ffmpeg ends when its stdin closes, whoever closed it. */
export function startFfmpegRemuxer(plan: EpochPlan, sink: RemuxSink, options: FfmpegRemuxerOptions): Remuxer {
  // FLV as ffmpeg reads it has one picture.
  const heads = plan.heads.filter(({ trackId }) => trackId === 0);
  const codecOf = (kind: "audio" | "video") => heads.find((tag) => tag.kind === kind)?.codec ?? null;
  const [video, audio] = [codecOf("video"), codecOf("audio")];
  const argv = remuxArgv({ video, audio, verbose: options.verbose, rungs: options.rungs ?? [] });
  // In a session of its own: Ctrl-C in a terminal reaches the whole foreground group, and ffmpeg must end by the end of its input.
  const child = Bun.spawn([options.path, ...argv], {
    env: CHILD_ENVIRONMENT,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  options.onChild?.(child.pid);
  const tail = makeTail();
  const feed = makeFlvFeed(child.stdin, encodeFlvHeader(audio !== null, video !== null), {
    batchMs: options.batchMs ?? BATCH_MS,
    hasVideo: video !== null,
    // Configurations often carry timestamp 0 in mid-stream: they belong to the first frame.
    timeOf: (tag) => Math.max(0, LEAD_MS + (tag.isConfig ? 0 : tag.timestamp - plan.base)),
  });
  let isEnding = false;
  let failure: string | null = null;
  const timers = new Set<Timer>();

  function later(delay: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, delay);
    timers.add(timer);
  }

  function kill(reason: string): void {
    failure ??= reason;
    isEnding = true;
    feed.abandon();
    child.kill("SIGTERM");
    later(KILL_AFTER_MS, () => child.kill("SIGKILL"));
  }

  /** FLV as it is fed to ffmpeg has no word of what the publisher tells beside the picture. */
  const info = colourInfoOf(plan, 0);
  function coloured(track: Track): Track {
    if (info === null || track.kind !== "video" || track.rendition !== undefined) return track;
    return withColour(track, mergeColour(track.colour ?? null, info), info);
  }

  async function readOutput(): Promise<void> {
    let leads: readonly number[] = [];
    const reader = makeFmp4Reader({
      onTracks(tracks) {
        leads = tracks.map(({ timescale }) => (timescale * LEAD_MS) / 1000);
        sink.onTracks(tracks.map(coloured));
      },
      onSample(track, { dts, cts, isSync, data }) {
        sink.onSample(track, { dts: dts - leads[track]!, cts, isSync, data });
      },
    });
    for await (const chunk of child.stdout) reader.push(chunk);
    if (reader.isInsideBox) failure ??= "ffmpeg's output ends inside a box";
  }

  async function readErrors(): Promise<void> {
    for await (const chunk of child.stderr) tail.add(chunk);
  }

  async function supervise(): Promise<void> {
    try {
      await readOutput();
      // Its output is closed: it has nothing more to do.
      later(KILL_AFTER_MS, () => kill("ffmpeg closed its output and did not end"));
    } catch (error) {
      kill(error instanceof WireError ? `${error.code}: ${error.message}` : `while reading ffmpeg's output: ${error}`);
    }
    const code = await child.exited;
    for (const timer of timers) clearTimeout(timer);
    const signal = child.signalCode;
    const end = signal === null ? `ffmpeg ended with code ${code}` : `ffmpeg was ended by ${signal}`;
    if (!isEnding || code !== 0) failure ??= end;
    sink.onEnd(failure === null ? { kind: "drained" } : { kind: "failed", reason: failure, diagnosis: tail.text() });
  }

  for (const head of heads) if (head.isConfig) feed.push(head);
  void readErrors().catch(() => {});
  void supervise();

  return {
    push(tag) {
      if (tag.trackId === 0) feed.push(tag);
    },
    get queuedBytes() {
      return feed.queuedBytes;
    },
    end() {
      if (isEnding) return;
      isEnding = true;
      later(options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS, () => kill("ffmpeg did not end in time"));
      feed.end();
    },
    kill,
  };
}

import { WireError } from "../bytes/wire-error.ts";
import { encodeFlvHeader, FLV_TAG_HEADER_SIZE, FlvTagType, writeFlvTagHeader } from "../flv/mux.ts";
import type { MediaTag } from "../live/media-tag.ts";
import { remuxArgv } from "./ffmpeg-argv.ts";
import { makeFmp4Reader } from "./fmp4-reader.ts";
import { plainBody } from "./plain-tag.ts";
import type { EpochPlan, Remuxer, RemuxSink } from "./remuxer.ts";
import { makeTail } from "./tail.ts";

export interface FfmpegRemuxerOptions {
  readonly path: string;
  readonly verbose: boolean;
  /** How long ffmpeg may take to give back what it holds once its input has ended. */
  readonly drainTimeoutMs?: number;
  /** Told about the child, so that its memory and end can be watched. */
  readonly onChild?: (pid: number) => void;
}

const DRAIN_TIMEOUT_MS = 5_000;
const KILL_AFTER_MS = 1_000;
/** FLV time of the epoch's first frame: room for sound that begins a little before the picture, and far from 2^24. */
const LEAD_MS = 1_000;
/** Sound waits for the picture's next frame, so that both cross the pipes in one go; never longer than this. */
const HOLD_MS = 45;
const PREVIOUS_TAG_SIZE = 4;

/** One ffmpeg child for one epoch. */
export function startFfmpegRemuxer(plan: EpochPlan, sink: RemuxSink, options: FfmpegRemuxerOptions): Remuxer {
  const video = plan.heads.find((tag) => tag.kind === "video") ?? null;
  const audio = plan.heads.find((tag) => tag.kind === "audio") ?? null;
  const argv = remuxArgv({ video: video?.codec ?? null, audio: audio?.codec ?? null, verbose: options.verbose });
  const child = Bun.spawn([options.path, ...argv], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  options.onChild?.(child.pid);
  const tail = makeTail();

  let held: { readonly tag: MediaTag; readonly body: Uint8Array }[] = [];
  let heldBytes = 0;
  let queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let isBusy = false;
  let isEnding = false;
  let isClosed = false;
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
    queue = [];
    child.kill("SIGTERM");
    later(KILL_AFTER_MS, () => child.kill("SIGKILL"));
  }

  /** Writes until the pipe is full. A returned promise means that it is: the rest waits for it. */
  function pump(): void {
    while (!isBusy && queue.length > 0) {
      const batch = queue;
      queue = [];
      let bytes = 0;
      try {
        for (const piece of batch) {
          bytes += piece.length;
          // Its promise is the one that flush returns as well.
          void Promise.resolve(child.stdin.write(piece)).catch(() => {});
        }
        const flushed = child.stdin.flush();
        if (flushed instanceof Promise) {
          isBusy = true;
          flushed.then(
            () => {
              queuedBytes -= bytes;
              isBusy = false;
              pump();
            },
            () => {},
          );
          return;
        }
        queuedBytes -= bytes;
      } catch {
        // The child is gone: its exit says why.
        return;
      }
    }
    if (isEnding && !isBusy && queue.length === 0) closeInput();
  }

  function closeInput(): void {
    if (isClosed) return;
    isClosed = true;
    void Promise.resolve(child.stdin.end()).catch(() => {});
  }

  function flushHeld(): void {
    if (held.length === 0) return;
    const out = new Uint8Array(heldBytes);
    let at = 0;
    for (const { tag, body } of held) at = writeTag(out, at, tag, body, plan);
    held = [];
    heldBytes = 0;
    queue.push(out);
    queuedBytes += out.length;
    pump();
  }

  function hold(tag: MediaTag): void {
    const body = plainBody(tag);
    if (body === null) return;
    held.push({ tag, body });
    heldBytes += FLV_TAG_HEADER_SIZE + body.length + PREVIOUS_TAG_SIZE;
  }

  async function readOutput(): Promise<void> {
    let leads: readonly number[] = [];
    const reader = makeFmp4Reader({
      onTracks: (tracks) => {
        leads = tracks.map(({ timescale }) => (timescale * LEAD_MS) / 1000);
        sink.onTracks(tracks);
      },
      onSample: (track, { dts, cts, isSync, data }) => {
        sink.onSample(track, { dts: dts - leads[track]!, cts, isSync, data });
      },
    });
    for await (const chunk of child.stdout) reader.push(chunk);
    if (reader.isInsideBox) failure ??= "output ends inside a box";
  }

  async function readErrors(): Promise<void> {
    for await (const chunk of child.stderr) tail.add(chunk);
  }

  async function supervise(): Promise<void> {
    try {
      await readOutput();
    } catch (error) {
      kill(error instanceof WireError ? `${error.code}: ${error.message}` : String(error));
      if (!(error instanceof WireError)) throw error;
    } finally {
      const code = await child.exited;
      for (const timer of timers) clearTimeout(timer);
      const signal = child.signalCode;
      if (!isEnding) failure ??= signal === null ? `ffmpeg ended with code ${code}` : `ffmpeg was ended by ${signal}`;
      if (code !== 0) failure ??= `ffmpeg ended with ${signal ?? `code ${code}`}`;
      sink.onEnd(failure === null ? { kind: "drained" } : { kind: "failed", reason: failure, diagnosis: tail.text() });
    }
  }

  queue.push(encodeFlvHeader(audio !== null, video !== null));
  for (const head of plan.heads) if (head.isConfig) hold(head);
  flushHeld();
  void readErrors().catch(() => {});
  void supervise();

  return {
    push(tag) {
      if (isEnding) return;
      hold(tag);
      const first = held[0];
      if (video === null || tag.kind === "video" || (first && tag.timestamp - first.tag.timestamp > HOLD_MS))
        flushHeld();
    },
    get queuedBytes() {
      return queuedBytes + heldBytes;
    },
    end() {
      if (isEnding) return;
      flushHeld();
      isEnding = true;
      later(options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS, () => kill("ffmpeg did not end in time"));
      pump();
    },
    kill,
  };
}

function writeTag(out: Uint8Array, from: number, tag: MediaTag, body: Uint8Array, plan: EpochPlan): number {
  const type = tag.kind === "video" ? FlvTagType.video : FlvTagType.audio;
  // Configurations often carry timestamp 0 in mid-stream: they belong to the first frame.
  const time = LEAD_MS + (tag.isConfig ? 0 : tag.timestamp - plan.base);
  writeFlvTagHeader(out, from, type, body.length, Math.max(0, time));
  const start = from + FLV_TAG_HEADER_SIZE;
  out.set(body, start);
  const end = start + body.length;
  const size = FLV_TAG_HEADER_SIZE + body.length;
  out[end] = size >>> 24;
  out[end + 1] = size >>> 16;
  out[end + 2] = size >>> 8;
  out[end + 3] = size;
  return end + PREVIOUS_TAG_SIZE;
}

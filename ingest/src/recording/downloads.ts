/**
 * Recordings as progressive MP4: made once by ffmpeg (which copies, and puts the index in front), kept on the local disk for as long as somebody
 * wants them, so that a download has a length and goes on where it broke off.
 */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { CHILD_ENVIRONMENT } from "../child/environment.ts";
import type { Log } from "../live/ports.ts";
import { NO_SPAN, type Span, traceOf } from "../live/trace.ts";
import type { Storage } from "../storage/storage.ts";
import { exportRecording } from "./export-file.ts";
import { recordingPrefix } from "./names.ts";
import type { Recording } from "./recording.ts";

export interface DownloadsOptions {
  readonly storage: Storage;
  readonly ffmpegPath: string;
  /** All of it is ours. */
  readonly folder: string;
  /** Room on the disk of the folder, in bytes. */
  readonly free: () => Promise<number | null>;
  /** What has to stay free. */
  readonly minFreeBytes: number;
  readonly log: Log;
}

/** `no-room`: the disk has no room for a copy. `busy`: too many others are being made. `failed`: see the log. */
export type DownloadFailure = "no-room" | "busy" | "failed";

export interface Downloads {
  /** The file, once it is made. Never rejects. `trace`: of who asks first. */
  file(
    streamId: number,
    recording: Recording,
    trace?: Span,
  ): Promise<{ readonly path: string; readonly size: number } | DownloadFailure>;
  /** Names its bytes: the same recording gives the same file. */
  etag(streamId: number, recording: Recording): string;
  forget(streamId: number): Promise<void>;
  /** Removes what nobody has asked for since a day. */
  sweep(): Promise<void>;
  stop(): Promise<void>;
}

/** Made one after the other: each takes what the disk can give. */
const MAX_WAITING = 8;
const UNUSED_FOR = 86_400_000;
const STUCK_AFTER = 60_000;

type Made = Awaited<ReturnType<Downloads["file"]>>;

export function makeDownloads(options: DownloadsOptions): Downloads {
  const { storage, ffmpegPath, folder, log } = options;
  const making = new Map<string, Promise<Made>>();
  const usedAt = new Map<string, number>();
  let turn: Promise<unknown> = Promise.resolve();
  let child: Bun.Subprocess | null = null;
  let closed = false;

  const nameOf = (streamId: number, { seconds, size, view }: Recording): string =>
    `${streamId}-${Bun.hash(`${view.startedAt} ${seconds} ${size}`).toString(36)}.mp4`;

  async function sizeOf(path: string): Promise<number | null> {
    return stat(path).then(
      ({ size }) => size,
      () => null,
    );
  }

  async function make(streamId: number, recording: Recording, name: string, trace: Span): Promise<Made> {
    const path = join(folder, name);
    const free = await options.free();
    if (free !== null && free < recording.size * 1.02 + options.minFreeBytes) return "no-room";
    await mkdir(folder, { recursive: true });
    const unfinished = join(folder, `.${name}`);
    const converting = trace.child("ffmpeg", { "streamhub.stream_id": streamId, "streamhub.purpose": "download" });
    try {
      await convert(streamId, recording, unfinished);
      converting.end();
      await rename(unfinished, path);
      const size = await sizeOf(path);
      return size === null ? "failed" : { path, size };
    } catch (error) {
      converting.end("download.failed");
      log.warn(
        { code: "download.failed", streamId, error: String(error), ...traceOf(trace) },
        "A recording could not be made one file",
      );
      return "failed";
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  async function convert(streamId: number, recording: Recording, path: string): Promise<void> {
    const ffmpeg = Bun.spawn(
      [
        ...[ffmpegPath, "-hide_banner", "-nostdin", "-loglevel", "error", "-y"],
        ...["-f", "mp4", "-i", "pipe:0", "-map", "0", "-c", "copy", "-fflags", "+bitexact"],
        ...["-movflags", "+faststart", "-f", "mp4", path],
      ],
      { env: CHILD_ENVIRONMENT, stdin: "pipe", stdout: "ignore", stderr: "pipe" },
    );
    child = ffmpeg;
    let timer = setTimeout(() => ffmpeg.kill("SIGKILL"), STUCK_AFTER);
    const said = new Response(ffmpeg.stderr).text();
    try {
      for await (const bytes of exportRecording(storage, recordingPrefix(streamId), recording)) {
        clearTimeout(timer);
        timer = setTimeout(() => ffmpeg.kill("SIGKILL"), STUCK_AFTER);
        ffmpeg.stdin.write(bytes as Uint8Array<ArrayBuffer>);
        await ffmpeg.stdin.flush();
        if (ffmpeg.exitCode !== null || closed) break;
      }
      await ffmpeg.stdin.end();
      clearTimeout(timer);
      // The second pass, which moves the index to the front, is as long as the file.
      timer = setTimeout(() => ffmpeg.kill("SIGKILL"), STUCK_AFTER + recording.size / 10_000);
      if ((await ffmpeg.exited) !== 0) throw new Error((await said).trim().slice(0, 500));
    } finally {
      clearTimeout(timer);
      ffmpeg.kill("SIGKILL");
      child = null;
    }
  }

  const namesOf = async (streamId: number | null): Promise<string[]> => {
    const names = await readdir(folder).catch(() => []);
    return streamId === null ? names : names.filter((name) => name.startsWith(`${streamId}-`));
  };

  return {
    etag: (streamId, recording) => `"d${nameOf(streamId, recording)}"`,
    async file(streamId, recording, trace = NO_SPAN) {
      const name = nameOf(streamId, recording);
      usedAt.set(name, Date.now());
      const path = join(folder, name);
      const size = await sizeOf(path);
      if (size !== null) return { path, size };
      const known = making.get(name);
      if (known !== undefined) return known;
      if (making.size >= MAX_WAITING || closed) return "busy";
      const made = turn
        .then(() => (closed ? "busy" : make(streamId, recording, name, trace)))
        .catch((): Made => "failed");
      turn = made;
      making.set(name, made);
      void made.finally(() => making.delete(name));
      return made;
    },
    async forget(streamId) {
      for (const name of await namesOf(streamId)) await rm(join(folder, name), { force: true });
    },
    async sweep() {
      for (const name of await namesOf(null)) {
        if (making.has(name.replace(/^\./, ""))) continue;
        const path = join(folder, name);
        const madeAt = await stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => Date.now(),
        );
        if (Date.now() - Math.max(madeAt, usedAt.get(name) ?? 0) < UNUSED_FOR) continue;
        usedAt.delete(name);
        await rm(path, { force: true });
      }
    },
    async stop() {
      closed = true;
      child?.kill("SIGKILL");
      await turn;
    },
  };
}

/** An encoder that draws the clock: grey pictures into ffmpeg, which encodes without delay and publishes. */
import { type Child, spawnChild, stopChild } from "../measure/children.ts";
import { drawClock, PICTURE } from "./clock-picture.ts";

export interface ClockPublisher {
  /** Unix time of the clock's zero. */
  readonly zero: number;
  /** Pictures that were drawn too late by more than one. */
  readonly late: () => number;
  stop(): Promise<void>;
}

/** `gopSeconds`: between keyframes. */
export function startClockPublisher(url: string, gopSeconds: number): ClockPublisher {
  const { width, height, fps } = PICTURE;
  const input = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", `${width}x${height}`, "-r", String(fps), "-i", "pipe:0"];
  const sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
  const gop = String(Math.round(gopSeconds * fps));
  const video = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"];
  const rate = ["-b:v", "1500k", "-g", gop, "-keyint_min", gop, "-sc_threshold", "0"];
  const audio = ["-c:a", "aac", "-b:a", "96k"];
  const child: Child = spawnChild([
    "ffmpeg",
    "-hide_banner",
    "-loglevel",
    "error",
    ...input,
    ...sound,
    ...video,
    ...rate,
    ...audio,
    "-shortest",
    "-flush_packets",
    "1",
    "-f",
    "flv",
    url,
  ]);
  const zero = Date.now();
  const picture = new Uint8Array(width * height);
  let frame = 0;
  let late = 0;
  const stdin = child.stdin as Bun.FileSink;
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - zero) * fps) / 1000);
    if (due - frame > 1) late += due - frame - 1;
    for (; frame < due; frame++) {
      drawClock(picture, Date.now() - zero, frame);
      try {
        void Promise.resolve(stdin.write(picture.slice())).catch(() => {});
        void Promise.resolve(stdin.flush()).catch(() => {});
      } catch {
        return;
      }
    }
  }, 4);
  return {
    zero,
    late: () => late,
    async stop() {
      clearInterval(timer);
      await stopChild(child, 3_000);
    },
  };
}

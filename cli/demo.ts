/** The demo's publisher: a real encoder (ffmpeg) with a moving picture, a tone and a burnt-in clock, kept alive. */
import { existsSync } from "node:fs";
import type { Log } from "@streamhub/ingest/live/ports";

export interface DemoOptions {
  readonly ffmpeg: string;
  readonly rtmpPort: number;
  readonly streamKey: string;
  readonly log: Log;
}

/** The clock needs a font; without one the test picture's own counter has to do. */
const FONTS = [
  "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
  "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
  "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
  "/System/Library/Fonts/Menlo.ttc",
];
const RESTART_PAUSE = 2_000;
const STOP_TIMEOUT = 3_000;

export function demoArguments(rtmpUrl: string, font: string | null): string[] {
  const clock =
    font === null
      ? []
      : [
          `drawtext=fontfile=${font}:text='%{localtime\\:%H\\\\\\:%M\\\\\\:%S}.%{eif\\:mod(t*1000\\,1000)\\:d\\:3}':fontsize=96:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=24:x=(w-tw)/2:y=(h-th)/2`,
        ];
  const video = [
    font === null ? "testsrc=size=1280x720:rate=30" : "testsrc2=size=1280x720:rate=30",
    ...clock,
    "format=yuv420p",
  ].join(",");
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "error", "-re"],
    ...["-f", "lavfi", "-i", video, "-f", "lavfi", "-i", "sine=frequency=220:beep_factor=4:sample_rate=48000"],
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "veryfast",
      "-tune",
      "zerolatency",
      "-profile:v",
      "high",
      "-g",
      "60",
      "-keyint_min",
      "60",
      "-sc_threshold",
      "0",
    ],
    ...["-b:v", "2000k", "-maxrate", "2500k", "-bufsize", "2500k", "-c:a", "aac", "-b:a", "96k", "-af", "volume=0.15"],
    ...["-f", "flv", rtmpUrl],
  ];
}

/** Publishes until stopped. The encoder is started again when it ends by itself. */
export function startDemo({ ffmpeg, rtmpPort, streamKey, log }: DemoOptions): { stop(): Promise<void> } {
  const font = FONTS.find((path) => existsSync(path)) ?? null;
  const args = demoArguments(`rtmp://127.0.0.1:${rtmpPort}/live/${streamKey}`, font);
  let child: Bun.Subprocess<"ignore", "ignore", "pipe"> | null = null;
  let timer: Timer | undefined;
  let stopped = false;

  const start = () => {
    // In a session of its own: Ctrl-C must not reach it before us. When we are killed it ends with its connection.
    const process = Bun.spawn([ffmpeg, ...args], { stdin: "ignore", stdout: "ignore", stderr: "pipe", detached: true });
    child = process;
    void (async () => {
      // Its messages hold the publishing URL, which holds the key.
      const said = (await new Response(process.stderr).text()).replaceAll(streamKey, "…").trim().slice(-500);
      const code = await process.exited;
      if (stopped) return;
      log.warn({ code: "demo.restart", exitCode: code, said }, "The demo's encoder ended and is started again");
      timer = setTimeout(start, RESTART_PAUSE);
    })();
  };
  start();

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      const running = child;
      if (running === null) return;
      running.kill("SIGTERM");
      const kill = setTimeout(() => running.kill("SIGKILL"), STOP_TIMEOUT);
      await running.exited;
      clearTimeout(kill);
    },
  };
}

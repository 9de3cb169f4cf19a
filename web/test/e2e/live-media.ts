/** A live HLS and DASH source made by ffmpeg's own packager: for testing the site and its players apart from our ingest. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

export interface LiveMedia {
  /** Answers for a file of the broadcast, `master.m3u8` and `manifest.mpd` among them. */
  serve(name: string): Response;
  /** While set, every answer is 503, as behind a gateway whose ingest is away. */
  outage: boolean;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  m3u8: "application/vnd.apple.mpegurl",
  mpd: "application/dash+xml",
  m4s: "video/iso.segment",
};

export async function startLiveMedia(dir: string): Promise<LiveMedia> {
  await mkdir(dir, { recursive: true });
  const ffmpeg = Bun.spawn(
    [
      ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-re"],
      [
        "-f",
        "lavfi",
        "-i",
        "testsrc2=size=640x360:rate=25",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000",
      ],
      [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "25",
        "-b:v",
        "600k",
      ],
      [
        "-c:a",
        "aac",
        "-b:a",
        "96k",
        "-f",
        "dash",
        "-seg_duration",
        "1",
        "-window_size",
        "12",
        "-extra_window_size",
        "12",
      ],
      ["-use_template", "1", "-use_timeline", "1", "-hls_playlist", "1", "-hls_master_name", "master.m3u8"],
      ["-adaptation_sets", "id=0,streams=v id=1,streams=a", join(dir, "manifest.mpd")],
    ].flat(),
    { stdout: "ignore", stderr: "inherit", cwd: dir },
  );
  const media: LiveMedia = {
    outage: false,
    serve(name) {
      if (media.outage) return new Response("away", { status: 503 });
      const file = join(dir, name);
      if (!/^[\w.-]+$/.test(name) || !existsSync(file)) return new Response("no such file", { status: 404 });
      const type = TYPES[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";
      return new Response(Bun.file(file), { headers: { "content-type": type, "cache-control": "no-cache" } });
    },
    async close() {
      ffmpeg.kill();
      await ffmpeg.exited;
    },
  };
  const deadline = Date.now() + 30_000;
  // Players start a few segments behind the edge, so there should be some.
  while (!existsSync(join(dir, "master.m3u8")) || !existsSync(join(dir, "chunk-stream0-00005.m4s"))) {
    if (Date.now() > deadline || ffmpeg.exitCode !== null) throw new Error("ffmpeg made no live media within 30 s");
    await Bun.sleep(100);
  }
  return media;
}

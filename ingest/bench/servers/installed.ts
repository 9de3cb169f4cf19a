/** SRS and MediaMTX where their programs are on the PATH, with their own defaults on ports of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnChild, stopChild } from "../measure/children.ts";
import type { Contender } from "./contender.ts";
import { freePort, LOOPBACK, untilListening } from "./server.ts";

interface Recipe {
  readonly name: string;
  readonly program: string;
  readonly configuration: (places: { readonly folder: string; readonly rtmp: number; readonly http: number }) => string;
  readonly file: string;
  readonly argv: (file: string) => readonly string[];
  readonly paths: { readonly flv: string | null; readonly hls: string | null };
}

const srs = (name: string, isPackaging: boolean): Recipe => ({
  name,
  program: "srs",
  file: "srs.conf",
  argv: (file) => ["-c", file],
  configuration: ({ folder, rtmp, http }) => `
listen ${LOOPBACK}:${rtmp}; max_connections 4000; daemon off; srs_log_tank console; srs_log_level error; pid ${folder}/srs.pid;
http_server { enabled on; listen ${LOOPBACK}:${http}; dir ${folder}; }
vhost __defaultVhost__ {
  http_remux { enabled on; mount [vhost]/[app]/[stream].flv; }
  ${isPackaging ? `hls { enabled on; hls_path ${folder}; hls_fragment 2; hls_window 12; }` : ""}
}`,
  paths: { flv: "/live/bench-{n}.flv", hls: isPackaging ? "/live/bench-{n}.m3u8" : null },
});

const mediamtx: Recipe = {
  name: "mediamtx",
  program: "mediamtx",
  file: "mediamtx.yml",
  argv: (file) => [file],
  configuration: ({ rtmp, http }) => `
logLevel: error
rtsp: no
webrtc: no
srt: no
rtmpAddress: ${LOOPBACK}:${rtmp}
hlsAddress: ${LOOPBACK}:${http}
paths:
  all_others:
`,
  paths: { flv: null, hls: "/live/bench-{n}/index.m3u8" },
};

const makeContender = ({ name, program, file, argv, configuration, paths }: Recipe): Contender => ({
  name,
  unavailable: () => (Bun.which(program) === null ? `${program} is not installed.` : null),
  async start() {
    const folder = mkdtempSync(join(tmpdir(), `streamhub-bench-${program}-`));
    const [rtmp, http] = [await freePort(), await freePort()];
    const path = join(folder, file);
    await Bun.write(path, configuration({ folder, rtmp, http }));
    const child = spawnChild([Bun.which(program)!, ...argv(path)], { stderr: "ignore", cwd: folder });
    void child.stdout.pipeTo(new WritableStream()).catch(() => {});
    await untilListening(rtmp, 15_000);
    const at = (place: string | null) => (place === null ? null : `http://${LOOPBACK}:${http}${place}`);
    return {
      pid: child.pid,
      docker: "",
      publish: `rtmp://${LOOPBACK}:${rtmp}/live/bench-{n}`,
      play: `rtmp://${LOOPBACK}:${rtmp}/live/bench-{n}`,
      flv: at(paths.flv),
      hls: at(paths.hls),
      dash: null,
      async stop() {
        await stopChild(child);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});

export const INSTALLED: readonly Contender[] = [srs("srs", false), srs("srs-hls", true), mediamtx].map(makeContender);

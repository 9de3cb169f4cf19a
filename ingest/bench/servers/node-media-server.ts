/** node-media-server from npm, where somebody (or --install) has put it into a folder of its own: it is no dependency of ours. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnChild, stopChild } from "../measure/children.ts";
import type { Contender } from "./contender.ts";
import { freePort, LOOPBACK, untilListening } from "./server.ts";

export const NMS_VERSION = "4.4.3";
export const NMS_FOLDER = join(tmpdir(), "streamhub-bench-nms");
const PROGRAM = join(NMS_FOLDER, "node_modules", "node-media-server", "bin", "app.js");

/** Its own defaults, without TLS and the console. */
const CONFIGURATION = {
  bind: LOOPBACK,
  notify: { url: "" },
  auth: { play: false, publish: false, secret: "", jwt: { secret: "bench", expiresIn: "24h", users: [] } },
  rtmp: { port: 0 },
  http: { port: 0 },
  webadmin: { enable: false },
  record: { auto: false, path: "./record" },
};

export const nodeMediaServer = (runtime: "node" | "bun"): Contender => ({
  name: runtime === "node" ? "node-media-server" : "node-media-server-bun",
  unavailable() {
    if (!existsSync(PROGRAM)) return `it is not in ${NMS_FOLDER}: --install puts it there by npm.`;
    return runtime === "node" && Bun.which("node") === null ? "Node is not installed." : null;
  },
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "streamhub-bench-nms-run-"));
    const [rtmpPort, httpPort] = [await freePort(), await freePort()];
    const config = join(folder, "config.json");
    const store = { path: join(folder, "data"), maxHistory: 100 };
    await Bun.write(
      config,
      JSON.stringify({ ...CONFIGURATION, store, rtmp: { port: rtmpPort }, http: { port: httpPort } }),
    );
    const program = runtime === "node" ? Bun.which("node")! : process.execPath;
    const child = spawnChild([program, PROGRAM, "-c", config], { stderr: "ignore", cwd: folder });
    void child.stdout.pipeTo(new WritableStream()).catch(() => {});
    await untilListening(rtmpPort, 15_000);
    return {
      pid: child.pid,
      docker: "",
      publish: `rtmp://${LOOPBACK}:${rtmpPort}/live/bench-{n}`,
      play: `rtmp://${LOOPBACK}:${rtmpPort}/live/bench-{n}`,
      flv: `http://${LOOPBACK}:${httpPort}/live/bench-{n}.flv`,
      hls: null,
      dash: null,
      async stop() {
        await stopChild(child);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});

/** By npm, as anybody would. A sentence when that does not work. */
export async function installNodeMediaServer(): Promise<string | null> {
  if (existsSync(PROGRAM)) return null;
  mkdirSync(NMS_FOLDER, { recursive: true });
  const npm = Bun.which("npm");
  if (npm === null) return "npm is not installed.";
  const command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", `node-media-server@${NMS_VERSION}`];
  const child = Bun.spawn(command, {
    cwd: NMS_FOLDER,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: 300_000,
  });
  return (await child.exited) === 0 ? null : "npm could not install node-media-server.";
}

/** The servers that `compare` knows how to start. */
import { UsageError } from "../cli/options.ts";
import { spawnChild, stopChild } from "../measure/children.ts";
import { type Contender, type RunningContender, textOf } from "./contender.ts";
import { INSTALLED } from "./installed.ts";
import { nginx, nginxHls } from "./nginx.ts";
import { nodeMediaServer } from "./node-media-server.ts";
import { ours, oursPackaging } from "./ours.ts";
import { freePort, type ServerKind, untilListening } from "./server.ts";

/** A server of the side-by-side benches. */
const fromKind = (name: string, kind: ServerKind, isOurs: boolean): Contender => ({
  name,
  unavailable: () => kind.unavailable(),
  async start() {
    const { pid, target, playbackUrl, metricsUrl, stop } = await kind.start();
    const rtmp = `rtmp://${target.host}:${target.port}/${target.app}/bench-{n}`;
    const origin = isOurs && metricsUrl !== null ? new URL(metricsUrl).origin : null;
    const isPackaging = playbackUrl !== null;
    return {
      pid,
      docker: "",
      publish: rtmp,
      play: rtmp,
      flv: origin === null || !isPackaging ? null : `${origin}/live/bench-{n}.flv`,
      hls: playbackUrl === null ? null : playbackUrl("bench-{n}"),
      dash: origin === null || !isPackaging ? null : `${origin}/live/bench-{n}/manifest.mpd`,
      stop,
    };
  },
});

export const READY: readonly Contender[] = [
  fromKind("streamhub", ours, true),
  fromKind("streamhub-hls", oursPackaging, true),
  fromKind("nginx-rtmp", nginx, false),
  fromKind("nginx-rtmp-hls", nginxHls, false),
  nodeMediaServer("node"),
  nodeMediaServer("bun"),
  ...INSTALLED,
];

const OWN_KEYS = ["name", "start", "pid", "docker", "publish", "play", "flv", "hls", "dash"];

/** A server of a file's own: `start` is a command with {rtmp_port} and {http_port}, or `pid` or `docker` say what runs already. */
export function readContender(table: Readonly<Record<string, unknown>>, index: number): Contender {
  const where = `[[server]] ${index + 1}`;
  const use = textOf(table, "use", where);
  if (use !== "") {
    const ready = READY.find(({ name }) => name === use);
    if (ready === undefined)
      throw new UsageError(
        `${where}: there is no ready server "${use}". Known: ${READY.map(({ name }) => name).join(", ")}.`,
      );
    const name = textOf(table, "name", where) || use;
    return { ...ready, name };
  }
  for (const key of Object.keys(table))
    if (!OWN_KEYS.includes(key))
      throw new UsageError(`${where}: there is no ${key}. Known: use, ${OWN_KEYS.join(", ")}.`);
  const name = textOf(table, "name", where);
  const publish = textOf(table, "publish", where);
  if (name === "" || publish === "") throw new UsageError(`${where} needs a name, and publish: the URL to publish to.`);
  const command = textOf(table, "start", where);
  const pid = typeof table.pid === "number" ? table.pid : 0;
  const docker = textOf(table, "docker", where);
  const given = (key: string) => textOf(table, key, where);
  return {
    name,
    unavailable: () => null,
    async start(): Promise<RunningContender> {
      const ports = { rtmp_port: String(await freePort()), http_port: String(await freePort()) };
      const fill = (text: string) =>
        text.replace(/\{(rtmp_port|http_port)\}/g, (_, key: keyof typeof ports) => ports[key]);
      const urls = {
        publish: fill(publish),
        play: fill(given("play")) || fill(publish),
        flv: fill(given("flv")) || null,
        hls: fill(given("hls")) || null,
        dash: fill(given("dash")) || null,
      };
      if (command === "") return { pid, docker, ...urls, stop: async () => {} };
      const child = spawnChild(["sh", "-c", `exec ${fill(command)}`], { stderr: "inherit" });
      void child.stdout.pipeTo(new WritableStream()).catch(() => {});
      const port = /^rtmps?:\/\/[^/]*?:(\d+)\//.exec(urls.publish)?.[1];
      try {
        await untilListening(Number(port ?? 1935), 20_000);
      } catch (error) {
        await stopChild(child);
        throw error;
      }
      return { pid: child.pid, docker: "", ...urls, stop: () => stopChild(child, 8_000) };
    },
  };
}

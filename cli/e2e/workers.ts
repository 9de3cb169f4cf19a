/** `streamhub ingest --workers N` as real processes, for tests. */
import { join } from "node:path";
import { descendants, isRunning } from "./processes.ts";
import { makeDataDir, removeDataDir, until } from "./server.ts";

const ENTRY = join(import.meta.dir, "..", "..", "streamhub.ts");

export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly rtmp: string;
  readonly rtmpPort: number;
  /** `http://host:port` of what all workers share, and of each by number. */
  readonly site: string;
  readonly sites: readonly string[];
  readonly dataDir: string;
  log(): string;
  /** By number. */
  workers(): number[];
  everybody(): number[];
  /** A value of each worker's own metrics, by number; NaN where it does not answer. */
  metric(name: string): Promise<number[]>;
  stop(): Promise<number>;
  killHard(): Promise<void>;
}

export async function startWorkers(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const dataDir = makeDataDir();
  const child = Bun.spawn([process.execPath, ENTRY, "ingest", "--json", ...flags], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      HOST: "127.0.0.1",
      RTMP_PORT: "0",
      MEDIA_PORT: "0",
      LOG_LEVEL: "info",
      ...env,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let log = "";
  const logged = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) log += decoder.decode(bytes, { stream: true });
  })();
  let text = "";
  for await (const bytes of child.stdout) {
    text += new TextDecoder().decode(bytes);
    if (text.includes("\n")) break;
  }
  if (!text.includes("rtmpPort")) {
    await child.exited;
    await logged;
    throw new Error(`ingest did not start: ${text} ${log}`);
  }
  const said = JSON.parse(text) as { rtmpPort: number; mediaPort: number; workerPorts: number[] };
  const site = (port: number) => `http://127.0.0.1:${port}`;
  const isWorker = ({ command }: { command: string }) => command.includes("workers/worker.ts");
  return {
    pid: child.pid,
    rtmp: `rtmp://127.0.0.1:${said.rtmpPort}/live`,
    rtmpPort: said.rtmpPort,
    site: site(said.mediaPort),
    sites: said.workerPorts.map(site),
    dataDir,
    log: () => log,
    workers: () =>
      descendants(child.pid)
        .filter(isWorker)
        .map(({ pid }) => pid),
    everybody: () => [child.pid, ...descendants(child.pid).map(({ pid }) => pid)],
    metric: (name) =>
      Promise.all(
        said.workerPorts.map(async (port) => {
          const answer = await fetch(`${site(port)}/metrics`).catch(() => null);
          const lines = (await answer?.text()) ?? "";
          return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(lines)?.[1] ?? Number.NaN);
        }),
      ),
    async stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
    async killHard() {
      child.kill("SIGKILL");
      await child.exited;
    },
    async [Symbol.asyncDispose]() {
      const all = [child.pid, ...descendants(child.pid).map(({ pid }) => pid)];
      child.kill("SIGTERM");
      await child.exited;
      await until("all are gone", async () => !all.some(isRunning));
      removeDataDir(dataDir);
    },
  };
}

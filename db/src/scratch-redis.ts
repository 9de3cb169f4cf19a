/** A real redis-server for tests, in a folder of its own, that can die, hang and come back. Keeps nothing on disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ScratchRedis {
  readonly url: string;
  readonly pid: number;
  /** What `redis-cli` prints for a command, without its last line break. */
  ask(...command: string[]): Promise<string>;
  /** As a power cut does: its data is gone. */
  kill(): Promise<void>;
  /** Again, on the same port. */
  start(): Promise<void>;
  /** Connections stay open and nothing answers. */
  hang(): void;
  goOn(): void;
  close(): Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });

export async function startScratchRedis(): Promise<ScratchRedis> {
  const folder = mkdtempSync(join(tmpdir(), "streamhub-redis-"));
  const port = await freePort();
  const spawn = () =>
    Bun.spawn(
      [
        ...["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--daemonize", "no"],
        ...["--save", "", "--appendonly", "no", "--loglevel", "warning"],
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
    );

  async function ask(...command: string[]): Promise<string> {
    const child = Bun.spawn(["redis-cli", "-p", String(port), ...command], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    });
    const text = await new Response(child.stdout).text();
    return (await child.exited) === 0 ? text.replace(/\n$/, "") : "";
  }

  async function answers(): Promise<void> {
    const deadline = Date.now() + 20_000;
    while ((await ask("PING")) !== "PONG") {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`redis-server did not start on port ${port}`);
      await Bun.sleep(20);
    }
  }

  let child = spawn();
  await answers();

  async function kill(): Promise<void> {
    child.kill("SIGKILL");
    await child.exited;
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    ask,
    kill,
    async start() {
      child = spawn();
      await answers();
    },
    hang: () => child.kill("SIGSTOP"),
    goOn: () => child.kill("SIGCONT"),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

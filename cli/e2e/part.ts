/** A part of StreamHub that runs alone, as a process of its own on free ports, and is ended by whoever started it. */
import { createServer } from "node:net";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..", "..");
/** Longer than its own orderly stop may take. */
const STOP_MS = 20_000;

export interface Part {
  readonly pid: number;
  /** What it printed with `--json`. */
  readonly said: Readonly<Record<string, unknown>>;
  killHard(): Promise<void>;
  /** SIGTERM, and SIGKILL when that is not enough within so many milliseconds. */
  stop(within?: number): Promise<void>;
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });

async function end(child: Bun.Subprocess, milliseconds: number): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  await child.exited;
  clearTimeout(timer);
}

/** Ingest in one process, as containers run it, unless `flags` say otherwise. */
export async function startPart(
  command: "api" | "ingest",
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = command === "ingest" ? ["--workers", "1"] : [],
): Promise<Part> {
  const ports = { HTTP_PORT: "0", RTMP_PORT: "0", MEDIA_PORT: "0" };
  const child = Bun.spawn([process.execPath, join(ROOT, "streamhub.ts"), command, ...flags, "--json"], {
    cwd: ROOT,
    env: { ...process.env, HOST: "127.0.0.1", LOG_LEVEL: "warn", ...ports, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let text = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${command} did not start: ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return {
    pid: child.pid,
    said: JSON.parse(text.split("\n", 1)[0]!),
    async killHard() {
      child.kill("SIGKILL");
      await child.exited;
    },
    stop: (within = STOP_MS) => end(child, within),
  };
}

/** Any program in the foreground. Resolves at once: ask it whether it answers. */
export function startProgram(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { stop(): Promise<void> } {
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  return { stop: () => end(child, STOP_MS) };
}

/** NGINX with this configuration. */
export const startNginx = (configuration: string): { stop(): Promise<void> } =>
  startProgram(["/usr/sbin/nginx", "-c", configuration, "-g", "daemon off;"]);

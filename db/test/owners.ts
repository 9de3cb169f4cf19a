/** Starts `owner.ts` processes and looks at the processes and folders that they leave. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPostmaster } from "../src/embedded/postmaster.ts";
import type { ProcessId } from "../src/embedded/processes.ts";

export interface OwnerProcess {
  readonly pid: number;
  /** What it said first: `{url}` or `{code, message}`. */
  readonly opened: { readonly url?: string; readonly code?: string; readonly message?: string };
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
  kill(): Promise<void>;
}

export interface OwnerOptions {
  readonly dataDir: string;
  readonly systemFolder: string;
  readonly graceSeconds?: number;
  /** Prefix of the command line, as `setpriv … --`. */
  readonly prefix?: readonly string[];
  /** Checkout and Bun to use instead of this one. */
  readonly root?: string;
  readonly bun?: string;
}

const ROOT = join(import.meta.dir, "..", "..");

export async function startOwner(options: OwnerOptions): Promise<OwnerProcess> {
  const script = join(options.root ?? ROOT, "db", "test", "owner.ts");
  const grace = String(options.graceSeconds ?? 1);
  const command = [options.bun ?? process.execPath, script, options.dataDir, options.systemFolder, grace];
  const child = Bun.spawn([...(options.prefix ?? []), ...command], {
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/nonexistent" },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = readLines(child.stdout);
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the owner process ended");
    return JSON.parse(value) as unknown;
  };
  const send = async (line: string) => {
    child.stdin.write(`${line}\n`);
    await child.stdin.flush();
  };
  return {
    pid: child.pid,
    opened: (await next()) as OwnerProcess["opened"],
    async query(sql) {
      await send(sql);
      return (await next()) as Record<string, unknown>[];
    },
    async close() {
      await send("close");
      await next();
      await child.exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** Polls until the condition holds; fails after `timeoutMs`. */
export async function until(what: string, condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await sleep(50);
  }
}

export function locationOf(dataDir: string): string {
  const text = readFileSync(join(dataDir, "database", "location.json"), "utf8");
  return (JSON.parse(text) as { clusterDir: string }).clusterDir;
}

export function postmasterOf(dataDir: string): ProcessId | null {
  return findPostmaster(locationOf(dataDir))?.process ?? null;
}

/** Pids of living processes whose command line or working directory lies below this folder: watchers, postmasters and their children. */
export function processesBelow(folder: string): number[] {
  const below: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, "latin1"));
      const cwd = readlinkSync(`/proc/${name}/cwd`);
      if (!isZombie && (cwd.startsWith(folder) || readFileSync(`/proc/${name}/cmdline`, "latin1").includes(folder))) {
        below.push(Number(name));
      }
    } catch {
      // Gone in between.
    }
  }
  return below;
}

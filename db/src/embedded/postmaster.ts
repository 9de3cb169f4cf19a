/** The running server, as its `postmaster.pid` tells: who it is, where it listens, whether it is ready; and how it is stopped. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProcess, isAlive, type ProcessId, servesCluster } from "./processes.ts";

export interface Postmaster {
  readonly process: ProcessId;
  /** On 127.0.0.1; 0 while it is not known yet. */
  readonly port: number;
  readonly ready: boolean;
}

const POLL_MS = 50;

/** The living postmaster of this cluster, or null. A pid file that a crash left behind, also one whose pid is someone else's by now, is null. */
export function findPostmaster(clusterDir: string): Postmaster | null {
  const lines = readPidFile(clusterDir);
  const process = findProcess(Number(lines[0]));
  if (process === null || !servesCluster(process.pid, clusterDir)) return null;
  return { process, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === "ready" };
}

/**
 * Removes a pid file that names a living process which is no postmaster of this cluster: PostgreSQL would take it for one and not start.
 * A pid file of a dead process stays: PostgreSQL reads from it which shared memory must be out of use before it may start.
 */
export function removeForeignPidFile(clusterDir: string): void {
  const process = findProcess(Number(readPidFile(clusterDir)[0]));
  if (process !== null && !servesCluster(process.pid, clusterDir))
    rmSync(join(clusterDir, "postmaster.pid"), { force: true });
}

/** pid, folder, start, port, socket folder, address, shared memory, status: one per line; fewer while it is starting. */
function readPidFile(clusterDir: string): string[] {
  try {
    return readFileSync(join(clusterDir, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return [];
  }
}

/** Waits until the process is gone. Returns whether it is. */
export async function waitForEnd(process: ProcessId, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(process)) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Stops the server in order (SIGINT: fast shutdown), then harder: SIGQUIT leaves the recovery to the next start, SIGKILL too. */
export async function stopPostmaster(target: ProcessId): Promise<void> {
  for (const [signal, timeoutMs] of [
    ["SIGINT", 20_000],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ] as const) {
    if (!isAlive(target)) return;
    try {
      process.kill(target.pid, signal);
    } catch {
      return; // It ended just now.
    }
    if (await waitForEnd(target, timeoutMs)) return;
  }
}

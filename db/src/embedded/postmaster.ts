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
/** A server's children end by themselves when it is gone, at their next wait. */
const CHILDREN_TIMEOUT_MS = 15_000;

/** The living postmaster of this cluster, or null. A pid file that a crash left behind, also one whose pid is someone else's by now, is null. */
export function findPostmaster(clusterDir: string): Postmaster | null {
  const lines = readPidFile(clusterDir);
  const found = findProcess(Number(lines[0]));
  if (found === null || !servesCluster(found.pid, clusterDir)) return null;
  return { process: found, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === "ready" };
}

/**
 * Removes a pid file that would keep PostgreSQL from starting for no reason: its pid is another program's by now, or a zombie's that nobody
 * reaps (a container without an init). PostgreSQL asks the kernel only whether there is such a pid. What it would read from the file
 * besides, whether children of the old server still hold its memory, is waited for here; if they don't end, the file stays.
 */
export async function clearStalePidFile(clusterDir: string): Promise<void> {
  const lines = readPidFile(clusterDir);
  const pid = Number(lines[0]);
  if (!pidIsTaken(pid) || (findProcess(pid) !== null && servesCluster(pid, clusterDir))) return;
  const segment = lines[6]?.trim().split(/\s+/)[1];
  const deadline = performance.now() + CHILDREN_TIMEOUT_MS;
  while (isAttached(segment)) {
    if (performance.now() > deadline) return;
    await sleep(POLL_MS);
  }
  rmSync(join(clusterDir, "postmaster.pid"), { force: true });
}

function pidIsTaken(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

/** Whether a process is attached to this System V shared memory (sysvipc(5): key shmid perms size cpid lpid nattch …). */
function isAttached(segment: string | undefined): boolean {
  try {
    const rows = readFileSync("/proc/sysvipc/shm", "latin1").split("\n");
    const fields = rows.map((row) => row.trim().split(/\s+/)).find((row) => row[1] === segment);
    return Number(fields?.[6] ?? 0) > 0;
  } catch {
    return false;
  }
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
export async function waitForEnd(target: ProcessId, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isAlive(target)) {
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

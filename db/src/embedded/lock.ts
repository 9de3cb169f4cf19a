import { Database } from "bun:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "../database-error.ts";

const POLL_MS = 25;

/**
 * Runs `work` while no other process (nor another call in this one) holds the lock at `path`. SQLite's exclusive transaction is a
 * lock of the kernel (fcntl), so it is gone with its process however that dies, without pid files to guess about; nothing is written.
 * Throws `database.folder-busy` when the lock isn't free in time.
 */
export async function withLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  const lock = new Database(path, { create: true });
  try {
    lock.run("PRAGMA busy_timeout = 0");
    while (!take(lock)) {
      if (performance.now() > deadline) {
        throw new DatabaseError(
          "database.folder-busy",
          `Another process has held ${path} for ${Math.round(timeoutMs / 1000)} s. Wait for it, or end it, and try again.`,
        );
      }
      await sleep(POLL_MS);
    }
    return await work();
  } finally {
    lock.close();
  }
}

function take(lock: Database): boolean {
  try {
    lock.run("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}

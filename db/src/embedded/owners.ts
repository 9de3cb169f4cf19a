/** Who uses the cluster: one file per handle in `owners/`, named PID.N and holding the start of that process. `watch-cluster.sh` reads them too. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProcess, isAlive } from "./processes.ts";

let counter = 0;

/** Registers this process as an owner. Returns the way to end that (idempotent). */
export function registerOwner(home: string): () => void {
  const self = findProcess(process.pid);
  if (self === null) throw new Error("this process does not find itself in the process table");
  const folder = join(home, "owners");
  mkdirSync(folder, { recursive: true });
  const name = `${process.pid}.${++counter}`;
  // Renamed into place: whoever lists the folder never reads a half-written file.
  const draft = join(home, `owner-${name}`);
  writeFileSync(draft, `${self.started}\n`, { mode: 0o600 });
  renameSync(draft, join(folder, name));
  return () => rmSync(join(folder, name), { force: true });
}

/** Removes what dead processes left, and returns how many owners live. */
export function countOwners(home: string): number {
  const folder = join(home, "owners");
  let living = 0;
  for (const name of list(folder)) {
    const path = join(folder, name);
    try {
      const started = readFileSync(path, "utf8").trim();
      if (isAlive({ pid: Number.parseInt(name, 10), started })) living++;
      else rmSync(path, { force: true });
    } catch {
      // Its owner closed between the listing and the reading.
    }
  }
  return living;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** One server per DATA_DIR: a second one would take the first one's broadcasts for those of a crashed predecessor. */

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProcess, isAlive } from "@streamhub/db/embedded/processes";
import { Failure } from "./failure.ts";

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

/** Claims DATA_DIR for this process; returns the release. A claim whose process is gone (pid and start time) counts for nothing. */
export function claimInstance(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, "server.json");
  const held = readJson(path) as { pid?: unknown; started?: unknown } | null;
  if (
    typeof held?.pid === "number" &&
    typeof held.started === "string" &&
    held.pid !== process.pid &&
    isAlive({ pid: held.pid, started: held.started })
  ) {
    throw new Failure(
      `StreamHub already runs with this DATA_DIR (process ${held.pid}). Stop it first, or set another DATA_DIR and other ports.`,
      "instance.running",
    );
  }
  const own = findProcess(process.pid);
  writeFileSync(`${path}.new`, JSON.stringify(own), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return () => rmSync(path, { force: true });
}

/** This node's name in the database: made once, the same after every restart. */
export function nodeId(dataDir: string): string {
  const path = join(dataDir, "node-id");
  try {
    const known = readFileSync(path, "utf8").trim();
    if (/^[\w-]{1,100}$/.test(known)) return known;
  } catch {
    // The first start.
  }
  const made = `node-${randomBytes(9).toString("base64url")}`;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(path, `${made}\n`, { mode: 0o600 });
  return made;
}

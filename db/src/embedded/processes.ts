/** Which processes live. A pid alone is not enough, as pids are used again: a process is its pid and when it started. */
import { existsSync, readFileSync, readlinkSync } from "node:fs";

export interface ProcessId {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, `ps`'s lstart elsewhere. Equal for the same process only. */
  readonly started: string;
}

const HAS_PROC = existsSync("/proc/self/stat");

/** The living process with this pid, or null. A zombie is not living. */
export function findProcess(pid: number): ProcessId | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const started = HAS_PROC ? startedFromProc(pid) : startedFromPs(pid);
  return started === null ? null : { pid, started };
}

export const isAlive = (id: ProcessId): boolean => findProcess(id.pid)?.started === id.started;

/** Whether this process is the postmaster of that cluster: by its command line, or by its working directory, which is the cluster. */
export function servesCluster(pid: number, clusterDir: string): boolean {
  if (!HAS_PROC) return ps(pid, "command=").includes(clusterDir);
  try {
    const [program, ...rest] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (program?.endsWith("postgres") && rest.includes(clusterDir)) return true;
    // Not always allowed (a container's root may not look into other users' processes), so only the second question.
    return readlinkSync(`/proc/${pid}/cwd`) === clusterDir;
  } catch {
    return false;
  }
}

function startedFromProc(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // proc(5): the name in parentheses may itself hold ")" and blanks; state is the next field, starttime the 20th from there.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  return fields[19] ?? null;
}

function startedFromPs(pid: number): string | null {
  if (ps(pid, "state=").startsWith("Z")) return null;
  const started = ps(pid, "lstart=").trim().replace(/\s+/g, " ");
  return started === "" ? null : started;
}

function ps(pid: number, column: string): string {
  const run = Bun.spawnSync(["env", "LC_ALL=C", "ps", "-o", column, "-p", String(pid)]);
  return run.stdout.toString();
}

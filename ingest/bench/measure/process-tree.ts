/** CPU time and memory of a process with all its descendants, from /proc (proc(5)). Linux only, like the peers we measure. */
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ: 100 on every Linux architecture that Bun runs on. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  /** utime + stime + those of children that have ended and were waited for. */
  readonly ticks: number;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything; fields are counted from the last ")": state is field 3.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const at = (field: number) => Number(fields[field - 3]);
    return { parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) };
  } catch {
    return null; // Ended meanwhile.
  }
}

/** `root` and its living descendants. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readStat(pid);
    if (stat === null) continue;
    const siblings = children.get(stat.parent);
    if (siblings === undefined) children.set(stat.parent, [pid]);
    else siblings.push(pid);
  }
  const tree = [root];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at]!) ?? []));
  return tree;
}

/** CPU seconds used so far by the whole tree. */
export function cpuSeconds(root: number): number {
  let ticks = 0;
  for (const pid of processTree(root)) ticks += readStat(pid)?.ticks ?? 0;
  return ticks / TICKS_PER_SECOND;
}

export interface TreeSample {
  readonly cpuSeconds: number;
  /** Proportional set size; 0 where /proc does not let us read it (another user's process). */
  readonly pssBytes: number;
  readonly rssBytes: number;
  readonly fds: number;
  readonly threads: number;
  readonly processes: number;
}

function statusFields(pid: number): { rss: number; threads: number } {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "latin1");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(text)?.[1] ?? 0);
    return { rss: field("VmRSS") * 1024, threads: field("Threads") };
  } catch {
    return { rss: 0, threads: 0 };
  }
}

function fdsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

/** Null when the root is gone. */
export function sampleTree(root: number): TreeSample | null {
  if (readStat(root) === null) return null;
  const sample = { cpuSeconds: 0, pssBytes: 0, rssBytes: 0, fds: 0, threads: 0, processes: 0 };
  for (const pid of processTree(root)) {
    const { rss, threads } = statusFields(pid);
    sample.cpuSeconds += (readStat(pid)?.ticks ?? 0) / TICKS_PER_SECOND;
    sample.pssBytes += smapsField(pid, "Pss");
    sample.rssBytes += rss;
    sample.threads += threads;
    sample.fds += fdsOf(pid);
    sample.processes++;
  }
  return sample;
}

function smapsField(pid: number, field: string): number {
  try {
    const line = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1")
      .split("\n")
      .find((each) => each.startsWith(`${field}:`));
    return Number(line?.match(/\d+/)?.[0] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Proportional set size of the tree: shared pages are counted once. */
export function pssBytes(root: number): number {
  return processTree(root).reduce((sum, pid) => sum + smapsField(pid, "Pss"), 0);
}

/** Highest resident size that the root process alone ever had. */
export function peakRssBytes(pid: number): number {
  const line = readFileSync(`/proc/${pid}/status`, "latin1")
    .split("\n")
    .find((each) => each.startsWith("VmHWM:"));
  return Number(line?.match(/\d+/)?.[0] ?? 0) * 1024;
}

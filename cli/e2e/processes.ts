/** Who descends from a process, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "latin1");
        const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") return [];
        return [
          {
            pid: Number(name),
            parent: Number(parent),
            command: readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " "),
          },
        ];
      } catch {
        return []; // It ended while we looked.
      }
    });
}

/** Children and their children, at this moment. */
export function descendants(pid: number): Process[] {
  const all = processes();
  const found: Process[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const next = all.filter((entry) => parents.includes(entry.parent));
    found.push(...next);
    parents = next.map((entry) => entry.pid);
  }
  return found;
}

/** Those of its descendants that carry media: a picture's ffmpeg comes and goes. */
export const mediaChildren = (pid: number): Process[] =>
  descendants(pid).filter(({ command }) => command.includes("ffmpeg") && !command.includes("libwebp"));

export function isRunning(pid: number): boolean {
  return processes().some((entry) => entry.pid === pid);
}

/** The embedded PostgreSQL whose cluster lies in this folder. Throws when none runs. */
export function postmasterOf(dataDir: string): number {
  const found = processes().find(
    ({ command }) => /postgres\S* .*-D ?/.test(command) && command.includes(`${dataDir}/`),
  );
  if (found === undefined) throw new Error(`no PostgreSQL runs in ${dataDir}`);
  return found.pid;
}

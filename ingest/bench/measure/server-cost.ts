/** What a server under test costs: its process tree, found by number, by command or by container, looked at once a second. */
import { existsSync } from "node:fs";
import { type OptionTable, option, UsageError } from "../cli/options.ts";
import { isLoopback } from "../tool/address.ts";
import { type FigureTable, value } from "../tool/outcome.ts";
import { RunFailure, type Session } from "../tool/session.ts";
import { spawnChild, stopChild } from "./children.ts";
import { sampleTree, type TreeSample } from "./process-tree.ts";
import { median } from "./statistics.ts";

export const SERVER_OPTIONS = {
  pid: option("pid", 0, "process of the server, measured with all its children"),
  cmd: option("cmd", "", "start the server with this command, measure it, stop it at the end"),
  docker: option("docker", "", "container of the server, measured by its processes"),
} satisfies OptionTable;

export const SERVER_FIGURES: FigureTable = {
  server_cpu: value("cores", "the server's use of the CPU"),
  server_cpu_s: value("s", "CPU time that the server used in the time measured"),
  server_cpu_s_per_gbit: value("s", "CPU time of the server per Gbit of media"),
  server_cpu_s_per_stream_minute: value("s", "CPU time of the server per minute of one stream"),
  server_pss_mb: value("MB", "memory of the server (PSS), median"),
  server_pss_peak_mb: value("MB", "memory of the server (PSS), highest"),
  server_mb_per_stream: value("MB", "memory over the idle server, per stream"),
  server_rss_mb: value("MB", "resident memory of the server, median"),
  server_fds: value("", "open files of the server, highest"),
  server_threads: value("", "threads of the server, highest"),
};

export interface ServerCostOptions {
  readonly pid: number;
  readonly cmd: string;
  readonly docker: string;
}

export interface ServerCost {
  /** Null: nothing is attached. */
  readonly pid: number | null;
  /** CPU share and memory since the last call; what is not known is left out. */
  row(): { readonly server_cpu?: number; readonly server_mb?: number };
  /** From here on is what counts. */
  begin(): void;
  /** Figures of the time since `begin`. */
  finish(work: { readonly gigabits: number; readonly streamMinutes: number; readonly streams: number }): void;
}

const MB = 1024 * 1024;

export function checkServerOptions({ pid, cmd, docker }: ServerCostOptions): void {
  if ([pid !== 0, cmd !== "", docker !== ""].filter(Boolean).length > 1)
    throw new UsageError("--pid, --cmd and --docker are three ways to say the same: one of them.");
  if (pid === 0 && cmd === "" && docker === "") return;
  if (!existsSync("/proc/self/stat")) throw new UsageError("--pid, --cmd and --docker need Linux: they read /proc.");
  if (pid !== 0 && !existsSync(`/proc/${pid}`)) throw new UsageError(`There is no process ${pid}.`);
  if (docker !== "" && Bun.which("docker") === null)
    throw new UsageError("--docker needs the docker command, which is not installed: give the server's --pid instead.");
}

async function pidOfContainer(name: string): Promise<number> {
  const command = ["docker", "inspect", "--format", "{{.State.Pid}}", "--", name];
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 10_000 });
  const [out, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const pid = Number(out.trim());
  if ((await child.exited) !== 0 || !Number.isInteger(pid))
    throw new RunFailure(
      `docker can't tell the process of ${name}: ${
        errors
          .trim()
          .split("\n")[0]!
          .replace(/[.?!]+$/, "") || "no answer"
      }.`,
    );
  if (pid === 0) throw new RunFailure(`The container ${name} is not running.`);
  if (sampleTree(pid) === null)
    throw new RunFailure(`The container ${name} runs on another machine: its processes can't be seen from here.`);
  return pid;
}

async function accepts(host: string, port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: host, port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

const START_TIMEOUT_MS = 30_000;

async function startCommand(command: string, at: { host: string; port: number }, session: Session): Promise<number> {
  if (await accepts(at.host, at.port))
    throw new RunFailure(
      `Something listens on ${at.host}:${at.port} before --cmd was started: give its --pid instead.`,
    );
  const child = spawnChild(["sh", "-c", `exec ${command}`], { stderr: "inherit" });
  void child.stdout.pipeTo(new WritableStream()).catch(() => {});
  session.defer(() => stopChild(child, 5_000));
  const deadline = Date.now() + START_TIMEOUT_MS;
  session.phase("waiting for the server");
  while (!(await accepts(at.host, at.port))) {
    if (child.exitCode !== null) throw new RunFailure(`The command of --cmd ended with code ${child.exitCode}.`);
    if (session.stop.aborted || Date.now() > deadline)
      throw new RunFailure(`The server of --cmd did not listen on ${at.host}:${at.port} within 30 s.`);
    await Bun.sleep(100);
  }
  return child.pid;
}

/** `at`: where the server listens. */
export async function attachServer(
  options: ServerCostOptions,
  at: { readonly host: string; readonly port: number },
  session: Session,
): Promise<ServerCost> {
  const { cmd, docker } = options;
  const pid =
    options.pid !== 0
      ? options.pid
      : docker !== ""
        ? await pidOfContainer(docker)
        : cmd !== ""
          ? await startCommand(cmd, at, session)
          : null;
  if (pid === null) return { pid, row: () => ({}), begin() {}, finish() {} };
  if (!isLoopback(at.host))
    session.recorder.note("The server's address is not loopback: make sure that its process is the one measured here.");
  return watchTree(pid, session);
}

function watchTree(pid: number, session: Session): ServerCost {
  const idle = sampleTree(pid);
  let last = { at: performance.now(), sample: idle };
  let first: { at: number; sample: TreeSample } | null = null;
  const seen: TreeSample[] = [];
  const look = (): TreeSample | null => {
    const sample = sampleTree(pid);
    if (sample === null) {
      session.recorder.note("The server's process ended during the run.");
      return null;
    }
    if (first !== null) seen.push(sample);
    return sample;
  };
  return {
    pid,
    row() {
      const now = performance.now();
      const sample = look();
      const before = last;
      last = { at: now, sample };
      if (sample === null || before.sample === null) return {};
      const cpu = (sample.cpuSeconds - before.sample.cpuSeconds) / ((now - before.at) / 1_000);
      return { server_cpu: cpu, server_mb: (sample.pssBytes || sample.rssBytes) / MB };
    },
    begin() {
      const sample = sampleTree(pid);
      first = sample === null ? null : { at: performance.now(), sample };
      seen.length = 0;
    },
    finish({ gigabits, streamMinutes, streams }) {
      const { recorder } = session;
      const end = look() ?? seen.at(-1);
      if (first === null || end === undefined) return;
      const used = end.cpuSeconds - first.sample.cpuSeconds;
      recorder.value("server_cpu_s", used);
      recorder.value("server_cpu", used / ((performance.now() - first.at) / 1_000));
      if (gigabits > 0) recorder.value("server_cpu_s_per_gbit", used / gigabits);
      if (streamMinutes > 0) recorder.value("server_cpu_s_per_stream_minute", used / streamMinutes);
      const late = seen.slice(Math.floor(seen.length / 2));
      const pss = median(late.map(({ pssBytes }) => pssBytes));
      if (pss > 0) {
        recorder.value("server_pss_mb", pss / MB);
        recorder.value("server_pss_peak_mb", Math.max(...seen.map(({ pssBytes }) => pssBytes)) / MB);
        if (streams > 0 && idle !== null) recorder.value("server_mb_per_stream", (pss - idle.pssBytes) / MB / streams);
      } else recorder.note("The server's PSS can't be read (another user's process): run as that user or as root.");
      recorder.value("server_rss_mb", median(late.map(({ rssBytes }) => rssBytes)) / MB);
      recorder.value("server_fds", Math.max(...seen.map(({ fds }) => fds)));
      recorder.value("server_threads", Math.max(...seen.map(({ threads }) => threads)));
    },
  };
}

/** Runs the load generator's process and hands its reports on. */
import { join } from "node:path";
import { type Child, lines, spawnChild } from "../measure/children.ts";
import type { LoadReport, LoadTask } from "./main.ts";

export interface Generator {
  readonly pid: number;
  /** Resolves at the first report of this type; rejects when the generator fails first. */
  until<T extends LoadReport["type"]>(type: T): Promise<Extract<LoadReport, { type: T }>>;
  /** Waits for its own end; all the CPU time it used. */
  finalCpuSeconds(): Promise<number>;
  stop(): Promise<void>;
}

export function startGenerator(task: LoadTask, onReport: (report: LoadReport) => void = () => {}): Generator {
  const child: Child = spawnChild([process.execPath, join(import.meta.dir, "main.ts"), JSON.stringify(task)]);
  const waiting = new Map<LoadReport["type"], (report: LoadReport) => void>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const follow = async () => {
    for await (const line of lines(child)) {
      const report = JSON.parse(line) as LoadReport;
      onReport(report);
      waiting.get(report.type)?.(report);
      if (report.type === "failed") failure.reject(new Error(`The load generator failed: ${report.reason}`));
    }
    failure.reject(new Error("The load generator ended."));
  };
  void follow();
  return {
    pid: child.pid,
    until(type) {
      const seen = new Promise<LoadReport>((resolve) => waiting.set(type, resolve));
      return Promise.race([seen, failure.promise]) as Promise<Extract<LoadReport, { type: typeof type }>>;
    },
    async finalCpuSeconds() {
      await child.exited;
      return (child.resourceUsage()?.cpuTime.total ?? 0n) === 0n
        ? 0
        : Number(child.resourceUsage()!.cpuTime.total) / 1e6;
    },
    async stop() {
      void child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await child.exited;
      clearTimeout(timer);
    },
  };
}

/** N paced publishers against one server: CPU per stream-minute, memory per stream, flatness. */
import { progress } from "../cli/report.ts";
import { startGenerator } from "../load/generator.ts";
import type { LoadReport } from "../load/main.ts";
import { cpuSeconds, pssBytes } from "../measure/process-tree.ts";
import { median, slope } from "../measure/statistics.ts";
import { ensureSource } from "../media/source.ts";
import type { ServerKind } from "../servers/server.ts";

export interface PublishParameters {
  readonly publishers: number;
  /** Seconds measured, after the settling time. */
  readonly seconds: number;
  readonly settle: number;
  readonly chunkSize: number;
  readonly tickMs: number;
}

export interface PublishResult {
  readonly server: string;
  readonly publishers: number;
  /** CPU seconds of the server's process tree per minute of one stream. */
  readonly cpuPerStreamMinute: number;
  readonly pssPerStreamMb: number;
  readonly baselineMb: number;
  /** MB per minute over the second half of the run, all streams together. */
  readonly growthMbPerMinute: number;
  readonly megabitsPerSecond: number;
  /** Share of one core that the load generator used. */
  readonly generatorCpu: number;
  readonly lagP50: number;
  readonly lagP99: number;
  readonly disconnects: number;
}

const MB = 1024 * 1024;

export async function runPublish(kind: ServerKind, parameters: PublishParameters): Promise<PublishResult> {
  const source = await ensureSource();
  const server = await kind.start();
  try {
    await Bun.sleep(1_000);
    const baseline = pssBytes(server.pid);
    const reports: Extract<LoadReport, { type: "second" }>[] = [];
    let disconnects = 0;
    const { publishers, chunkSize, tickMs } = parameters;
    const task = {
      kind: "paced",
      target: server.target,
      source,
      chunkSize,
      prefix: "bench-",
      publishers,
      tickMs,
    } as const;
    const generator = startGenerator(task, (report) => {
      if (report.type === "second") reports.push(report);
      if (report.type === "closed") disconnects++;
    });
    try {
      await generator.until("started");
      await Bun.sleep(parameters.settle * 1_000);
      reports.length = 0;
      const pss: number[] = [];
      const start = { at: performance.now(), server: cpuSeconds(server.pid), generator: cpuSeconds(generator.pid) };
      while (performance.now() - start.at < parameters.seconds * 1_000) {
        await Bun.sleep(1_000);
        pss.push(pssBytes(server.pid));
      }
      const elapsed = (performance.now() - start.at) / 1_000;
      const used = cpuSeconds(server.pid) - start.server;
      const generatorUsed = cpuSeconds(generator.pid) - start.generator;
      const late = pss.slice(pss.length / 2);
      const result = {
        server: kind.name,
        publishers,
        cpuPerStreamMinute: used / ((elapsed / 60) * publishers),
        pssPerStreamMb: (median(late) - baseline) / MB / publishers,
        baselineMb: baseline / MB,
        growthMbPerMinute: (slope(late) * 60) / MB,
        megabitsPerSecond: (reports.reduce((sum, each) => sum + each.bytes, 0) * 8) / 1e6 / Math.max(1, reports.length),
        generatorCpu: generatorUsed / elapsed,
        lagP50: median(reports.map((each) => each.lagP50)),
        lagP99: median(reports.map((each) => each.lagP99)),
        disconnects,
      };
      progress(
        `${kind.name}: ${publishers} publishers, ${result.cpuPerStreamMinute.toFixed(4)} CPU s per stream-minute`,
      );
      return result;
    } finally {
      await generator.stop();
    }
  } finally {
    await server.stop();
  }
}

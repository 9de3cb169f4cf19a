/** A fixed amount of media as fast as it goes: CPU per Gbit, peak memory. */
import { progress } from "../cli/report.ts";
import { startGenerator } from "../load/generator.ts";
import { cpuSeconds, peakRssBytes, processTree } from "../measure/process-tree.ts";
import { ensureSource } from "../media/source.ts";
import type { ServerKind } from "../servers/server.ts";

export interface UnpacedParameters {
  readonly connections: number;
  readonly gigabits: number;
  readonly chunkSize: number;
}

export interface UnpacedResult {
  readonly server: string;
  readonly connections: number;
  readonly cpuPerGbit: number;
  readonly gbitPerSecond: number;
  /** Highest resident size of the largest process, above its highest before the first publisher. */
  readonly peakMb: number;
  readonly generatorCpuPerGbit: number;
}

const MB = 1024 * 1024;
/** A first run that is not measured lets just-in-time compilers do their work. */
const WARM_UP_GIGABITS = 0.5;

const peak = (root: number): number => Math.max(...processTree(root).map(peakRssBytes));

export async function runUnpaced(kind: ServerKind, parameters: UnpacedParameters): Promise<UnpacedResult> {
  const source = await ensureSource();
  const server = await kind.start();
  const { connections, chunkSize, gigabits } = parameters;
  const send = async (amount: number, prefix: string) => {
    const bytes = (amount * 1e9) / 8;
    const task = { kind: "unpaced", target: server.target, source, chunkSize, prefix, connections, bytes } as const;
    const generator = startGenerator(task);
    const done = await generator.until("done");
    const generatorCpu = await generator.finalCpuSeconds();
    return { ...done, generatorCpu };
  };
  try {
    const baseline = peak(server.pid);
    await send(WARM_UP_GIGABITS, "warm-");
    const before = cpuSeconds(server.pid);
    const done = await send(gigabits, "bench-");
    const used = cpuSeconds(server.pid) - before;
    const sent = (done.bytes * 8) / 1e9;
    const result = {
      server: kind.name,
      connections,
      cpuPerGbit: used / sent,
      gbitPerSecond: sent / done.seconds,
      peakMb: (peak(server.pid) - baseline) / MB,
      generatorCpuPerGbit: done.generatorCpu / sent,
    };
    progress(`${kind.name}: ${connections} unpaced, ${result.cpuPerGbit.toFixed(4)} CPU s per Gbit`);
    return result;
  } finally {
    await server.stop();
  }
}

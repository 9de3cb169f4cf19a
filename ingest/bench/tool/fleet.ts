/** Several workers as one: their reports go to the recorder. */
import { join } from "node:path";
import type { WorkerReport, WorkerTask } from "../load/worker.ts";
import { lines, spawnChild } from "../measure/children.ts";
import { RunFailure, type Session } from "./session.ts";

export interface Fleet {
  /** All workers have started what they were to start. */
  readonly ready: Promise<void>;
  /** CPU seconds of each worker so far. */
  readonly cpu: readonly number[];
  /** Resolves when a worker died by itself. */
  readonly lost: Promise<string>;
  stop(): Promise<void>;
}

const WORKER = join(import.meta.dir, "..", "load", "worker.ts");
const END_MS = 4_000;

export function startFleet(tasks: readonly WorkerTask[], session: Session, label = "worker"): Fleet {
  const cpu = tasks.map(() => 0);
  const lost = Promise.withResolvers<string>();
  let isStopping = false;
  const workers = tasks.map((task, index) => {
    const ready = Promise.withResolvers<void>();
    const child = spawnChild([process.execPath, WORKER], {
      // Bun allows 256 requests at a time otherwise.
      env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "20000" },
    });
    const stdin = child.stdin as Bun.FileSink;
    void stdin.write(`${JSON.stringify(task)}\n`);
    void stdin.flush();
    const follow = async () => {
      for await (const line of lines(child)) {
        const report = JSON.parse(line) as WorkerReport;
        if (report.type === "ready") ready.resolve();
        else if (report.type === "failed") lost.resolve(report.reason);
        else if (report.type === "delta") {
          session.recorder.merge(`${label}-${index}`, report.delta);
          cpu[index] = report.cpu;
        }
      }
      if (!isStopping) lost.resolve("a worker ended");
    };
    const followed = follow().catch((error: unknown) => lost.resolve(String(error)));
    return { child, ready: ready.promise, followed };
  });
  const fleet: Fleet = {
    ready: Promise.all(workers.map(({ ready }) => ready)).then(() => {}),
    cpu,
    lost: lost.promise,
    async stop() {
      if (isStopping) return;
      isStopping = true;
      await Promise.all(
        workers.map(async ({ child, followed }) => {
          void (child.stdin as Bun.FileSink).end();
          const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
          await Promise.all([child.exited, followed]);
          clearTimeout(timer);
        }),
      );
    },
  };
  session.defer(fleet.stop);
  return fleet;
}

/** Resolves with `promise`, when the run is to end, or after `seconds`; rejects when a worker is lost. */
export async function awaitFleet(
  fleet: Fleet,
  promise: Promise<void>,
  session: Session,
  seconds: number,
): Promise<void> {
  const lost = fleet.lost.then((reason) => {
    throw new RunFailure(`A worker of the bench failed: ${reason}.`);
  });
  await Promise.race([promise, session.sleep(seconds), lost]);
}

/** `count` things in `workers` shares, by turns. */
export function share<T>(things: readonly T[], workers: number): T[][] {
  const shares: T[][] = Array.from({ length: Math.min(workers, things.length) }, () => []);
  for (const [index, thing] of things.entries()) shares[index % shares.length]!.push(thing);
  return shares;
}

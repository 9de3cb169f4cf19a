/**
 * A worker of a bench: a process of its own. Reads its task as one line of JSON from stdin (not from the command line, which everybody on the
 * machine can read: it holds keys), tells what it counts as a line per second on stdout, ends when its stdin does.
 */
import { loadTimeline } from "../media/timeline.ts";
import type { Delta } from "../tool/recorder.ts";
import { type FloodTask, startFlood } from "./flood.ts";
import { type PlayersTask, startPlayers } from "./players.ts";
import { type Load, type PublishersTask, startPublishers } from "./publishers.ts";
import { makeReporter, type Reporter } from "./reporter.ts";
import { startViewers, type ViewersTask } from "./viewers.ts";

export type WorkerTask = PublishersTask | FloodTask | PlayersTask | ViewersTask;

export type WorkerReport =
  | { readonly type: "ready" }
  /** `cpu`: seconds used so far; `late`: how far the worker's own clock was behind, at worst, in milliseconds. */
  | { readonly type: "delta"; readonly delta: Delta; readonly cpu: number }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "ended" };

const REPORT_MS = 500;

function tell(report: WorkerReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

async function start(task: WorkerTask, reporter: Reporter): Promise<Load> {
  switch (task.kind) {
    case "publishers":
      return startPublishers(task, await loadTimeline(task.source, task.chunkSize, task.hasClock), reporter);
    case "flood":
      return startFlood(task, await loadTimeline(task.source, task.chunkSize), reporter);
    case "players":
      return startPlayers(task, reporter);
    case "viewers":
      return startViewers(task, reporter);
  }
}

async function* linesOfStdin(): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of Bun.stdin.stream()) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}

async function main(): Promise<void> {
  // A terminal's Ctrl-C reaches the whole group: the parent decides.
  process.on("SIGINT", () => {});
  const reporter = makeReporter();
  let load: Load | null = null;
  const report = () => {
    load?.tell();
    const { user, system } = process.cpuUsage();
    tell({ type: "delta", delta: reporter.take(), cpu: (user + system) / 1e6 });
  };
  for await (const line of linesOfStdin()) {
    if (load !== null) continue;
    load = await start(JSON.parse(line) as WorkerTask, reporter);
    setInterval(report, REPORT_MS);
    void load.ready.then(() => {
      report();
      tell({ type: "ready" });
    });
  }
  // What ends from here on was ended by us.
  report();
  load?.stop();
  tell({ type: "ended" });
  await Bun.sleep(150);
}

if (import.meta.main) {
  try {
    await main();
    process.exit(0);
  } catch (error) {
    tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

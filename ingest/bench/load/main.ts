/**
 * The load generator's process: reads its task as JSON from the command line, reports JSON lines on stdout, ends when its stdin does.
 * Its own process, so that its CPU time can be told from the server's and from the bench's.
 */

import { onParentGone } from "../measure/children.ts";
import { loadTimeline } from "../media/timeline.ts";
import { type PacedCounters, startPaced } from "./paced.ts";
import type { Target } from "./rtmp-client.ts";
import { runUnpaced } from "./unpaced.ts";

interface CommonTask {
  readonly target: Target;
  readonly source: string;
  readonly chunkSize: number;
  readonly prefix: string;
}
export type LoadTask = CommonTask &
  (
    | { readonly kind: "paced"; readonly publishers: number; readonly tickMs: number }
    | { readonly kind: "unpaced"; readonly connections: number; readonly bytes: number }
  );

export type LoadReport =
  | { readonly type: "started" }
  | ({ readonly type: "second" } & PacedCounters)
  | { readonly type: "closed"; readonly name: string; readonly reason: string }
  | { readonly type: "done"; readonly seconds: number; readonly bytes: number }
  | { readonly type: "failed"; readonly reason: string };

function report(line: LoadReport): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(task: LoadTask): Promise<void> {
  const timeline = await loadTimeline(task.source, task.chunkSize);
  if (task.kind === "unpaced") {
    const done = await runUnpaced({ ...task, timeline });
    report({ type: "done", ...done });
    return;
  }
  const onClosed = (name: string, reason: string) => report({ type: "closed", name, reason });
  const load = await startPaced({ ...task, timeline, onClosed });
  report({ type: "started" });
  load.takeCounters();
  setInterval(() => report({ type: "second", ...load.takeCounters() }), 1_000);
  await onParentGone(() => load.stop());
  await Bun.sleep(200);
}

if (import.meta.main) {
  try {
    await run(JSON.parse(process.argv[2] ?? "{}") as LoadTask);
    process.exit(0);
  } catch (error) {
    report({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

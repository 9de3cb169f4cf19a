/** One worker of `streamhub ingest --workers`, started by the supervisor and by nobody else: it is told over their channel what to do. */
import { environment } from "../environment.ts";
import { startIngestServer } from "../ingest-server.ts";
import { makeLog } from "../log.ts";
import { makeShutdown, untilSignal } from "../shutdown.ts";
import { makeWorkerLink, type WorkerLink } from "./link.ts";
import type { StartOrder, ToSupervisor, ToWorker } from "./messages.ts";

/** Whoever has no supervisor any more must be gone by then. Milliseconds. */
const ORPHAN_ENDS_WITHIN = 20_000;

/** Nobody is there to hear it when the supervisor was killed. */
const tell = (message: ToSupervisor): void => {
  if (process.connected) process.send?.(message);
};

const started = Promise.withResolvers<StartOrder>();
let link: WorkerLink | null = null;
process.on("message", (message: ToWorker) => {
  if (message.type === "start") {
    link = makeWorkerLink(message, tell);
    started.resolve(message);
  } else link?.receive(message);
});
const orphaned = new Promise<"orphaned">((resolve) => {
  process.on("disconnect", () => {
    resolve("orphaned");
    setTimeout(() => process.exit(1), ORPHAN_ENDS_WITHIN).unref();
  });
});
const signal = Promise.race([untilSignal(), orphaned]);
tell({ type: "hello" });

const order = await Promise.race([started.promise, signal]);
if (typeof order === "string") process.exit(0);
const env = environment({ partsRunApart: !order.flags.open });
const log = makeLog(env.logLevel, { worker: order.worker });
const shutdown = makeShutdown(log);
try {
  const server = await startIngestServer({ flags: order.flags, env, log, shutdown, link });
  tell({ type: "ready", ports: server.ports, ownPort: server.ownPort });
  // A supervisor that was killed may be started again at once: nobody is waited for.
  if ((await signal) !== "orphaned") await server.drain();
} catch (error) {
  const code = error instanceof Error && "code" in error ? String(error.code) : "internal.error";
  const message = error instanceof Error ? error.message : String(error);
  log.error({ code, error: String(error) }, "A worker could not start");
  tell({ type: "failed", message, code });
  process.exitCode = 1;
} finally {
  await shutdown.run();
}
process.exit(process.exitCode ?? 0);

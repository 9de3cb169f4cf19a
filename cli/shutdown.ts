/** Orderly stop: what was started last is stopped first, each step bounded, on SIGINT, SIGTERM or SIGHUP. */
import type { Log } from "@streamhub/ingest/live/ports";

export interface Shutdown {
  /** Registers a step; steps run in reverse order of registration. `more`: milliseconds that it may take besides what every step may. */
  defer(name: string, step: () => void | Promise<void>, more?: number): void;
  /** Runs all steps once, however often it is called. */
  run(): Promise<void>;
}

const STEP_TIMEOUT = 15_000;

export function makeShutdown(log: Log): Shutdown {
  const steps: { name: string; step: () => void | Promise<void>; limit: number }[] = [];
  let running: Promise<void> | null = null;

  const stopAll = async () => {
    for (let next = steps.pop(); next !== undefined; next = steps.pop()) {
      const { name, step, limit } = next;
      let timer: Timer | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), limit);
      });
      try {
        if ((await Promise.race([Promise.resolve().then(step), late])) === "late")
          log.warn({ code: "shutdown.late", step: name }, "A part did not stop in time");
      } catch (error) {
        log.error({ code: "shutdown.failed", step: name, error: String(error) }, "A part failed to stop");
      } finally {
        clearTimeout(timer);
      }
    }
  };

  return {
    defer: (name, step, more = 0) => steps.push({ name, step, limit: STEP_TIMEOUT + more }),
    run() {
      running ??= stopAll();
      return running;
    },
  };
}

/** Resolves when the process is asked to stop. A second Ctrl-C does not wait any longer. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (asked && signal === "SIGINT") process.exit(130);
        asked = true;
        resolve(signal);
      });
    }
  });
}

/** The work behind viewing sessions that no request does: writing, counting, and ending what fell silent. */
import { type Log, queries } from "@streamhub/db";
import { makeCounting } from "./counting.ts";
import { makeViews, OPEN_RULES, type Views, type ViewsOptions } from "./views.ts";

const INTERVALS = { flush: 1_000, count: 2_000, sweep: 30_000 };
/** Nine heartbeats that did not arrive. */
export const SILENT_AFTER = 90_000;
/** After an outage every process needs a moment to write what it has: until then a silent session may only look so. */
export const HEALTHY_FOR = 60_000;
const STOP_WITHIN = 8_000;

export interface RunningViews extends Views {
  /** Writes what is left; bounded. Nothing may be reported any more. */
  stop(): Promise<void>;
}

/** Calls `work` again and again, never twice at once; a failure is told once, until it works again. Returns the way to stop. */
function repeat(name: string, interval: number, log: Log, work: () => Promise<void>): () => Promise<void> {
  let failures = 0;
  let current: Promise<void> | null = null;
  async function attempt(): Promise<void> {
    try {
      await work();
      if (failures > 0) log.info({ code: `${name}.again`, failures }, "What failed before works again");
      failures = 0;
    } catch (error) {
      if (failures++ === 0) log.warn({ code: `${name}.failed`, error: String(error) }, "It will be tried again");
    }
  }
  const timer = setInterval(() => {
    current ??= attempt().finally(() => {
      current = null;
    });
  }, interval);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await current;
  };
}

export interface StartViewsOptions extends ViewsOptions {
  readonly log: Log;
  /** Milliseconds, for tests. */
  readonly intervals?: Partial<typeof INTERVALS>;
}

export function startViews(options: StartViewsOptions): RunningViews {
  const { db, bus, log, now = Date.now } = options;
  const intervals = { ...INTERVALS, ...options.intervals };
  const views = makeViews(options);
  let healthySince = now();
  const counting = makeCounting(db, bus, now);
  const loops = [
    repeat("views.flush", intervals.flush, log, async () => {
      try {
        await views.flush();
      } catch (error) {
        healthySince = Number.POSITIVE_INFINITY;
        throw error;
      }
      healthySince = Math.min(healthySince, now());
    }),
    repeat("views.count", intervals.count, log, counting.count),
    repeat("views.sweep", intervals.sweep, log, async () => {
      const at = now();
      if (at - healthySince < HEALTHY_FOR) return;
      await queries.endSilentViews(db, { silentSince: at - SILENT_AFTER, openedBefore: at - OPEN_RULES.longest });
    }),
  ];

  async function stop(): Promise<void> {
    await Promise.all(loops.map((end) => end()));
    await counting.stop();
    await views.flush();
  }

  return {
    ...views,
    async stop() {
      let timer: Timer | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), STOP_WITHIN);
      });
      const outcome = await Promise.race([
        stop().then(
          () => "written" as const,
          () => "late" as const,
        ),
        late,
      ]);
      clearTimeout(timer);
      const { pending } = views.state();
      if (outcome === "late" && pending > 0)
        log.warn({ code: "views.lost", sessions: pending }, "The last seconds of watch time could not be written");
    },
  };
}

/**
 * The daily roll-up as a job of the bus: at the start, so that a downtime is caught up, and every few minutes from then on, in one process at a
 * time. Nobody waits for it: reads count what is not final yet themselves.
 */
import { type Bus, type Database, type Log, queries } from "@streamhub/db";

export const ROLL_UP_JOB = "statistics-roll-up";
const EVERY = 5 * 60_000;
/** A day that is being counted is given up at a stop: its transaction changes nothing, the next start counts it. */
const STOP_WITHIN = 5_000;
/** Today, yesterday, and a day with sessions that were still open: more is a downtime. */
const USUAL_DAYS = 3;

export interface StartStatisticsOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Log;
  /** Milliseconds since 1970; default the clock. */
  readonly now?: () => number;
}

export function startStatistics({ db, bus, log, now = Date.now }: StartStatisticsOptions): { stop(): Promise<void> } {
  let isStopped = false;
  let current: Promise<void> = Promise.resolve();

  /** What it throws, the bus tells the log and tries again. */
  async function rollUp(): Promise<void> {
    if (isStopped) return;
    const { kind, days, written } = await queries.rollUpStatistics(db, { now: now(), isStopped: () => isStopped });
    if (kind === "done" && days > USUAL_DAYS)
      log.info({ code: "statistics.caught-up", days, written }, "Days that were missed are in the statistics now");
  }

  async function begin(): Promise<void> {
    await bus.jobs.work(ROLL_UP_JOB, () => {
      const run = rollUp();
      current = run.catch(() => {});
      return run;
    });
    await bus.jobs.every(ROLL_UP_JOB, EVERY);
    await bus.jobs.add(ROLL_UP_JOB, "", { id: "start" });
  }
  begin().catch((error: unknown) =>
    log.warn({ code: "statistics.late", error: String(error) }, "The daily sums will be counted some minutes later"),
  );

  return {
    async stop() {
      isStopped = true;
      let timer: Timer | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_WITHIN);
      });
      await Promise.race([current, late]);
      clearTimeout(timer);
    },
  };
}

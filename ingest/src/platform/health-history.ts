/** Samples of all broadcasts of this node on their way to the database: a row for each minute of each, written together a few times a minute. */
import type { Log, queries } from "@streamhub/db";
import type { HealthSample } from "../doctor/stream-health.ts";
import { codeOf } from "./code-of.ts";
import { within } from "./within.ts";

export interface HealthHistoryOptions {
  readonly write: (minutes: readonly queries.HealthMinute[]) => Promise<void>;
  readonly log: Log;
  /** Default 20 s. */
  readonly writeEveryMs?: number;
}

export interface HealthHistory {
  /** `now`: Unix time in milliseconds. */
  add(streamId: number, now: number, sample: HealthSample): void;
  /** Never rejects. What can't be written waits for the next time. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const WRITE_EVERY_MS = 20_000;
/** A database that is away for an hour costs twenty broadcasts nothing; beyond that the oldest minutes are lost. */
const MAX_MINUTES = 1_200;
const BATCH = 200;
const ATTEMPT_TIMEOUT_MS = 15_000;
const MINUTE = 60_000;

type Column = "bitrateKbps" | "fps" | "keyframeSeconds" | "missingFrames" | "skewMs";
interface Minute extends Record<Column, (number | null)[]> {
  readonly streamId: number;
  readonly minute: number;
  readonly problems: Record<string, number[]>;
  isWritten: boolean;
}

const nothing = (): null[] => new Array<null>(60).fill(null);

export function makeHealthHistory(options: HealthHistoryOptions): HealthHistory {
  const { write, log } = options;
  const minutes = new Map<string, Minute>();
  let running: Promise<void> | null = null;
  let failures = 0;

  function add(streamId: number, now: number, sample: HealthSample): void {
    const second = Math.floor(now / 1_000) % 60;
    const start = Math.floor(now / MINUTE) * MINUTE;
    const key = `${streamId}/${start}`;
    let minute = minutes.get(key);
    if (minute === undefined) {
      if (minutes.size >= MAX_MINUTES) minutes.delete(minutes.keys().next().value!);
      const columns = { bitrateKbps: nothing(), fps: nothing(), keyframeSeconds: nothing() };
      const more = { missingFrames: nothing(), skewMs: nothing(), problems: {}, isWritten: false };
      minute = { streamId, minute: start, ...columns, ...more };
      minutes.set(key, minute);
    }
    minute.isWritten = false;
    minute.bitrateKbps[second] = sample.bitrateKbps;
    minute.fps[second] = sample.fps;
    minute.keyframeSeconds[second] = sample.keyframeIntervalSeconds;
    minute.missingFrames[second] = sample.missingFrames;
    minute.skewMs[second] = sample.skewMs;
    for (const { code } of sample.problems) note(minute.problems, code, second);
  }

  function flush(): Promise<void> {
    running ??= writeAll().finally(() => {
      running = null;
    });
    return running;
  }

  async function writeAll(): Promise<void> {
    const current = Math.floor(Date.now() / MINUTE) * MINUTE;
    for (;;) {
      const some = [...minutes].filter(([, { isWritten }]) => !isWritten).slice(0, BATCH);
      if (some.length === 0) break;
      // Whatever is added while the database writes is for the next time.
      for (const [, minute] of some) minute.isWritten = true;
      try {
        const rows = some.map(([, { isWritten, ...row }]) => row);
        if ((await within(write(rows), ATTEMPT_TIMEOUT_MS)) === "timeout") throw new Error("no answer");
        if (failures > 0) log.info({ failures }, "samples of broadcasts reach the database again");
        failures = 0;
      } catch (error) {
        for (const [, minute] of some) minute.isWritten = false;
        // Counted, not repeated.
        if (failures++ === 0) log.warn({ code: codeOf(error) }, "samples of broadcasts did not reach the database");
        break;
      }
    }
    for (const [key, { isWritten, minute }] of minutes) if (isWritten && minute < current) minutes.delete(key);
  }

  const timer = setInterval(() => void flush(), options.writeEveryMs ?? WRITE_EVERY_MS);
  timer.unref();
  return {
    add,
    flush,
    async stop() {
      clearInterval(timer);
      // What is running may have begun before the last `add`.
      await running;
      await flush();
    },
  };
}

/** Lengthens the last stretch, or begins another. */
function note(problems: Record<string, number[]>, code: string, second: number): void {
  problems[code] ??= [];
  const stretches = problems[code];
  const last = stretches.at(-1);
  if (last !== undefined && second - last <= 1) stretches[stretches.length - 1] = Math.max(last, second);
  else stretches.push(second, second);
}

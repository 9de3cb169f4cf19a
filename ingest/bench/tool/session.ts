/** One run: what it records, how it is told to end, and its second hand. */
import type { FigureTable, Outcome, Row } from "./outcome.ts";
import { Recorder } from "./recorder.ts";

/** Ends a run with a sentence for people; what was measured until then is shown all the same. */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
}

export interface Session {
  readonly recorder: Recorder;
  /** Ctrl-C, or the bound was reached. */
  readonly stop: AbortSignal;
  /** What goes on now, and for how long; without `seconds` nobody knows. */
  phase(text: string, seconds?: number): void;
  /** Makes a row of each second, called on the second. */
  onSecond(row: () => Row): void;
  /** Resolves after that time, or when the run is to end. */
  sleep(seconds: number): Promise<void>;
  /** Cleaned up in reverse order, whatever happens. */
  defer(step: () => Promise<void> | void): void;
  /** Something that must hold does not: the exit code will be 1. */
  fail(sentence: string): void;
}

export interface SessionView {
  readonly startedAt: number;
  readonly phase: { readonly text: string; readonly since: number; readonly seconds: number | null };
}

export interface OpenSession {
  readonly session: Session;
  readonly view: SessionView;
  readonly failures: readonly string[];
  abort(): void;
  outcome(): Outcome;
  close(): Promise<void>;
}

const CLEANUP_TIMEOUT = 10_000;

export function openSession(figures: FigureTable, onRow: (row: Row) => void = () => {}): OpenSession {
  const recorder = new Recorder(figures);
  const control = new AbortController();
  const steps: (() => Promise<void> | void)[] = [];
  const failures: string[] = [];
  const startedAt = performance.now();
  let phase: SessionView["phase"] = { text: "starting", since: startedAt, seconds: null };
  let timer: Timer | null = null;
  const session: Session = {
    recorder,
    stop: control.signal,
    phase(text, seconds) {
      phase = { text, since: performance.now(), seconds: seconds ?? null };
    },
    onSecond(make) {
      if (timer !== null) clearInterval(timer);
      timer = setInterval(() => {
        const row = { t: Math.round((performance.now() - startedAt) / 100) / 10, ...make() };
        recorder.endRow(row);
        onRow(row);
      }, 1_000);
    },
    sleep(seconds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (control.signal.aborted) resolve();
      const wait = setTimeout(resolve, seconds * 1_000);
      control.signal.addEventListener("abort", () => resolve(), { once: true });
      return promise.then(() => clearTimeout(wait));
    },
    defer: (step) => void steps.push(step),
    fail: (sentence) => void failures.push(sentence),
  };
  return {
    session,
    view: {
      startedAt,
      get phase() {
        return phase;
      },
    },
    failures,
    abort: () => control.abort(),
    outcome: () => recorder.outcome(),
    async close() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      control.abort();
      const clean = async () => {
        for (const step of steps.splice(0).reverse()) await Promise.resolve(step()).catch(() => {});
      };
      await Promise.race([clean(), Bun.sleep(CLEANUP_TIMEOUT)]);
    },
  };
}

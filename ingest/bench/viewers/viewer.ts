/** What HLS and DASH players have in common: a place in the run, a buffer, a way to give up, and for some a judge. */
import type { Inspector } from "../../src/conformance/inspector.ts";
import type { Reporter } from "../load/reporter.ts";
import { findClock } from "../media/clock.ts";
import type { BufferModel } from "./buffer-model.ts";
import type { Requests } from "./requests.ts";

export type AbrPolicy = "auto" | "low" | "high";

export interface Viewer {
  readonly url: string;
  readonly requests: Requests;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly abr: AbrPolicy;
  /** Judges what this player sees; null: nobody does. */
  readonly inspector: Inspector | null;
  /** A segment or part that is listed did not come. */
  missed(problem: string): void;
  /** Without anything new for so long, a player gives up. */
  readonly patienceMs: number;
  /** Once it is known how many tracks there are. */
  startModel(tracks: number, resumeAt: number): BufferModel;
}

/** Ends a player with the reason. */
export class Gone extends Error {
  override readonly name = "Gone";
}

const NEVER = new AbortController().signal;

/** Resolves after that time or at the end of the run. */
export function pause(milliseconds: number, signal: AbortSignal = NEVER): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const done = () => resolve();
  signal.addEventListener("abort", done, { once: true });
  return promise.then(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", done);
  });
}

/** The clock of the first picture in it. */
export const clockOf = (bytes: Uint8Array): number | null => findClock(bytes)?.time ?? null;

/** Bits per second, as a player believes to have them: the slower of a fast and a slow average. */
export class Throughput {
  private fast = 0;
  private slow = 0;

  add(bytes: number, milliseconds: number): void {
    const rate = (bytes * 8_000) / Math.max(1, milliseconds);
    this.fast = this.fast === 0 ? rate : 0.6 * this.fast + 0.4 * rate;
    this.slow = this.slow === 0 ? rate : 0.9 * this.slow + 0.1 * rate;
  }

  get bitsPerSecond(): number {
    return Math.min(this.fast, this.slow);
  }
}

const SAFETY = 0.8;

/** Which of several bandwidths, lowest first. */
export function chooseRate(policy: AbrPolicy, bandwidths: readonly number[], throughput: Throughput): number {
  if (policy === "low") return 0;
  if (policy === "high") return bandwidths.length - 1;
  const { bitsPerSecond } = throughput;
  const best = bandwidths.findLastIndex((bandwidth) => bandwidth <= SAFETY * bitsPerSecond);
  return Math.max(0, best);
}

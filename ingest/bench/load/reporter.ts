/** What a worker counts, told to its parent a line per second. */
import { Histogram } from "../measure/histogram.ts";
import type { Delta } from "../tool/recorder.ts";

export interface Reporter {
  count(name: string, count?: number): void;
  observe(name: string, value: number): void;
  gauge(name: string, value: number): void;
  reason(reason: string): void;
  /** To add to without looking it up each time. */
  histogram(name: string): Histogram;
  take(): Delta;
}

export function makeReporter(): Reporter {
  let counts: Record<string, number> = {};
  let reasons: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  const histograms = new Map<string, Histogram>();
  const histogram = (name: string): Histogram => {
    let found = histograms.get(name);
    if (found === undefined) {
      found = new Histogram();
      histograms.set(name, found);
    }
    return found;
  };
  return {
    histogram,
    count(name, count = 1) {
      counts[name] = (counts[name] ?? 0) + count;
    },
    observe(name, value) {
      histogram(name).add(value);
    },
    gauge(name, value) {
      gauges[name] = value;
    },
    reason(reason) {
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    },
    take() {
      const samples: Record<string, NonNullable<ReturnType<Histogram["take"]>>> = {};
      for (const [name, each] of histograms) {
        const taken = each.take();
        if (taken !== null) samples[name] = taken;
      }
      const delta = { counts, samples, gauges: { ...gauges }, reasons };
      counts = {};
      reasons = {};
      return delta;
    },
  };
}

/** What a worker counts, told to its parent a line per second. */
import { Histogram } from "../measure/histogram.ts";
import type { Delta } from "../tool/recorder.ts";

export interface Reporter {
  count(name: string, count?: number): void;
  observe(name: string, value: number): void;
  gauge(name: string, value: number): void;
  reason(reason: string): void;
  take(): Delta;
}

export function makeReporter(): Reporter {
  let counts: Record<string, number> = {};
  let reasons: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  const histograms = new Map<string, Histogram>();
  return {
    count(name, count = 1) {
      counts[name] = (counts[name] ?? 0) + count;
    },
    observe(name, value) {
      let histogram = histograms.get(name);
      if (histogram === undefined) {
        histogram = new Histogram();
        histograms.set(name, histogram);
      }
      histogram.add(value);
    },
    gauge(name, value) {
      gauges[name] = value;
    },
    reason(reason) {
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    },
    take() {
      const samples: Record<string, NonNullable<ReturnType<Histogram["take"]>>> = {};
      for (const [name, histogram] of histograms) {
        const taken = histogram.take();
        if (taken !== null) samples[name] = taken;
      }
      const delta = { counts, samples, gauges: { ...gauges }, reasons };
      counts = {};
      reasons = {};
      return delta;
    },
  };
}

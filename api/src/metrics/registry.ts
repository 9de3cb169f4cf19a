/** Makes metrics of a registry, or finds them: several apps on one registry, as tests have them, count together. */
import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type Registry,
} from "prom-client";

export const counter = <L extends string>(registry: Registry, config: CounterConfiguration<L>): Counter<L> =>
  (registry.getSingleMetric(config.name) as Counter<L> | undefined) ??
  new Counter({ ...config, registers: [registry] });

export const gauge = <L extends string>(registry: Registry, config: GaugeConfiguration<L>): Gauge<L> =>
  (registry.getSingleMetric(config.name) as Gauge<L> | undefined) ?? new Gauge({ ...config, registers: [registry] });

export const histogram = <L extends string>(registry: Registry, config: HistogramConfiguration<L>): Histogram<L> =>
  (registry.getSingleMetric(config.name) as Histogram<L> | undefined) ??
  new Histogram({ ...config, registers: [registry] });

/** A counter whose sum is kept elsewhere, in plain numbers, and asked for when somebody looks. */
export function total(registry: Registry, name: string, help: string, read: () => number): void {
  counter(registry, {
    name,
    help,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}

/** A value that is asked for when somebody looks; NaN when it can't be known. */
export function reading(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  gauge(registry, {
    name,
    help,
    async collect() {
      this.set(await read());
    },
  });
}

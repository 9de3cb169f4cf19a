/**
 * Counts and durations by labels, kept in plain numbers and put into Prometheus's words when somebody looks: what every request pays for must
 * cost next to nothing, and prom-client hashes all labels at each step.
 */
import type { Metric, Registry } from "prom-client";

export interface Tally {
  /** Seconds. */
  add(duration: number): void;
}

export interface TallyNames {
  readonly counter: { readonly name: string; readonly help: string };
  readonly histogram: { readonly name: string; readonly help: string };
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[];
}

type Labels = Readonly<Record<string, string | number>>;

interface Cell {
  readonly counted: Labels;
  readonly timed: Labels;
  /** Each duration once, in the first bucket that holds it; the last is for what no bucket does. */
  readonly slots: Uint32Array;
  count: number;
  sum: number;
}

interface Value {
  readonly labels: Labels;
  readonly value: number;
  readonly metricName?: string;
}

export interface Tallies {
  /** `counted`, `timed`: labels of the counter and of the histogram. */
  make(counted: Labels, timed: Labels): Tally;
}

const known = new WeakMap<Registry, Map<string, Tallies>>();

/** Those of a registry: several apps on one, as tests have them, count together. */
export function talliesOf(registry: Registry, names: TallyNames): Tallies {
  const ofRegistry = known.get(registry) ?? new Map<string, Tallies>();
  known.set(registry, ofRegistry);
  const tallies = ofRegistry.get(names.counter.name) ?? makeTallies(registry, names);
  ofRegistry.set(names.counter.name, tallies);
  return tallies;
}

function makeTallies(registry: Registry, { counter, histogram, buckets }: TallyNames): Tallies {
  const cells: Cell[] = [];

  const counts = (): Value[] => cells.map(({ counted, count }) => ({ labels: counted, value: count }));

  function durations(): Value[] {
    const groups = Map.groupBy(cells, ({ timed }) => JSON.stringify(timed));
    return [...groups.values()].flatMap((group) => {
      const labels = group[0]!.timed;
      let below = 0;
      const steps = [...buckets, "+Inf" as const].map((le, slot) => {
        below += group.reduce((sum, { slots }) => sum + slots[slot]!, 0);
        return { labels: { le, ...labels }, value: below, metricName: `${histogram.name}_bucket` };
      });
      const sum = group.reduce((total, cell) => total + cell.sum, 0);
      return [
        ...steps,
        { labels, value: sum, metricName: `${histogram.name}_sum` },
        { labels, value: below, metricName: `${histogram.name}_count` },
      ];
    });
  }

  /** What a registry asks of its metrics. */
  function register(type: "counter" | "histogram", { name, help }: TallyNames["counter"], values: () => Value[]): void {
    const metric: unknown = {
      name,
      help,
      get: async () => ({ name, help, type, values: values(), aggregator: "sum" }),
      reset() {
        for (const cell of cells) {
          cell.slots.fill(0);
          cell.count = 0;
          cell.sum = 0;
        }
      },
    };
    registry.registerMetric(metric as Metric);
  }
  register("counter", counter, counts);
  register("histogram", histogram, durations);

  return {
    make(counted, timed) {
      const cell: Cell = { counted, timed, slots: new Uint32Array(buckets.length + 1), count: 0, sum: 0 };
      cells.push(cell);
      return {
        add(duration) {
          let slot = 0;
          while (slot < buckets.length && duration > buckets[slot]!) slot++;
          cell.slots[slot]!++;
          cell.count++;
          cell.sum += duration;
        },
      };
    },
  };
}

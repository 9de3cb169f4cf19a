/** What the bench itself costs: a generator at its limit measures itself. */
import type { Fleet } from "./fleet.ts";
import type { Session } from "./session.ts";

export interface OwnCost {
  /** Cores since the last call, all workers together. */
  recent(): number;
  begin(): void;
  /** Sets `bench_cpu` and `bench_cpu_busiest`. */
  finish(): { readonly busiest: number };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export function watchOwnCost(fleet: Fleet, session: Session): OwnCost {
  let last = { at: performance.now(), cpu: sum(fleet.cpu) };
  let first = { at: performance.now(), cpu: [...fleet.cpu] };
  return {
    recent() {
      const now = { at: performance.now(), cpu: sum(fleet.cpu) };
      const cores = (now.cpu - last.cpu) / Math.max(0.001, (now.at - last.at) / 1_000);
      last = now;
      return cores;
    },
    begin() {
      first = { at: performance.now(), cpu: [...fleet.cpu] };
    },
    finish() {
      const seconds = Math.max(0.001, (performance.now() - first.at) / 1_000);
      const each = fleet.cpu.map((cpu, index) => (cpu - first.cpu[index]!) / seconds);
      const busiest = Math.max(...each);
      session.recorder.value("bench_cpu", sum(each));
      session.recorder.value("bench_cpu_busiest", busiest);
      return { busiest };
    },
  };
}

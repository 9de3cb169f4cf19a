/**
 * What this process uses, under the names that Prometheus' own clients use, and how late its event loop is. prom-client's set counts Node's
 * inner things, which Bun does not have.
 */
import { readdirSync, readFileSync } from "node:fs";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Milliseconds. */
const LOOK_EVERY = 250;
const LAG_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return Number.NaN;
  }
}

/** The limit that counts now (RLIMIT_NOFILE, soft). */
function maxOpenFiles(): number {
  try {
    const limit = /^Max open files +(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.NaN;
  }
}

/** Returns the way to stop. */
export function startProcessMetrics(registry: Registry): () => void {
  const registers = [registry];
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  total("process_cpu_user_seconds_total", "CPU time in user mode", () => process.cpuUsage().user / 1e6);
  total("process_cpu_system_seconds_total", "CPU time in system mode", () => process.cpuUsage().system / 1e6);
  total("process_cpu_seconds_total", "CPU time", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  const startedAt = Date.now() / 1_000 - process.uptime();
  gauge("process_start_time_seconds", "When the process started, since 1970", () => startedAt);
  gauge("process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss());
  gauge("process_heap_used_bytes", "JavaScript objects", () => process.memoryUsage().heapUsed);
  gauge("process_open_fds", "Open files and sockets", openFiles);
  gauge("process_max_fds", "Files and sockets that the process may have open", maxOpenFiles);

  const lag = new Histogram({
    name: "streamhub_event_loop_lag_seconds",
    help: `How late a timer came, looked at every ${LOOK_EVERY} ms`,
    buckets: LAG_BUCKETS,
    registers,
  });
  let timer: Timer;
  function look(): void {
    const due = performance.now() + LOOK_EVERY;
    timer = setTimeout(() => {
      lag.observe(Math.max(0, performance.now() - due) / 1_000);
      look();
    }, LOOK_EVERY);
    timer.unref();
  }
  look();
  return () => clearTimeout(timer);
}

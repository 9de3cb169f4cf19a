/** What pictures cost. */
import { Counter, type Registry as PromRegistry } from "prom-client";
import type { Drawer } from "./pictures/drawer.ts";

export function pictureMetrics(metrics: PromRegistry, drawer: Drawer): void {
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [metrics],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  counter("streamhub_pictures_drawn_total", "Thumbnails and storyboard sheets drawn", () => drawer.stats.drawn);
  counter(
    "streamhub_pictures_failed_total",
    "Thumbnails and sheets that could not be drawn",
    () => drawer.stats.failed,
  );
  counter("streamhub_pictures_dropped_total", "Not begun, as too many were waiting", () => drawer.stats.dropped);
  counter("streamhub_pictures_cpu_seconds_total", "Processor time of drawing", () => drawer.stats.cpuSeconds);
}

/** Loaded before the server: at SIGUSR2 it collects the garbage and adds what is left to MEMORY_PROBE_FILE, a line of JSON. */

import { heapStats } from "bun:jsc";
import { appendFileSync } from "node:fs";

const file = process.env.MEMORY_PROBE_FILE ?? "";

process.on("SIGUSR2", () => {
  Bun.gc(true);
  const { heapSize, objectCount, objectTypeCounts } = heapStats();
  const left = { heapBytes: heapSize, objects: objectCount, timers: objectTypeCounts.Timeout ?? 0 };
  appendFileSync(file, `${JSON.stringify(left)}\n`);
});

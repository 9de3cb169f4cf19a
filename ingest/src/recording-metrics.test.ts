import { expect, test } from "bun:test";
import { Registry } from "prom-client";
import type { Recordings } from "./recording/recordings.ts";
import { recordingMetrics } from "./recording-metrics.ts";

test("room is told where it is known, and reasons before the first of them", async () => {
  const registry = new Registry();
  let free: number | null = null;
  const stats = (): Recordings["stats"] => ({ active: 2, queuedBytes: 0, written: 7, free });
  const { onStopped } = recordingMetrics(registry, stats);
  const line = async (start: string) => (await registry.metrics()).split("\n").find((each) => each.startsWith(start));
  expect(await line("streamhub_recordings_active ")).toBe("streamhub_recordings_active 2");
  // A bucket does not say: that is not 0.
  expect(await line("streamhub_storage_free_bytes ")).toBeUndefined();
  free = 5;
  expect(await line("streamhub_storage_free_bytes ")).toBe("streamhub_storage_free_bytes 5");
  free = null;
  expect(await line("streamhub_storage_free_bytes ")).toBeUndefined();
  const stops = 'streamhub_recording_stops_total{reason="disk-full"}';
  expect(await line(stops)).toBe(`${stops} 0`);
  onStopped("disk-full");
  expect(await line(stops)).toBe(`${stops} 1`);
});

/** What an operator sees of recordings. */
import { Counter, Gauge, type Registry as PromRegistry } from "prom-client";
import { STOP_REASONS } from "./recording/recorder.ts";
import type { Recordings, RecordingsOptions } from "./recording/recordings.ts";

export function recordingMetrics(
  metrics: PromRegistry,
  read: () => Recordings["stats"] | null,
): Required<Pick<RecordingsOptions, "onStopped" | "onRemoved">> {
  const gauge = (name: string, help: string, of: (stats: Recordings["stats"]) => number | null) =>
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        const stats = read();
        const value = stats === null ? null : of(stats);
        // A reset would say 0: of a bucket that nothing is left in it.
        if (value === null) this.remove();
        else this.set(value);
      },
    });
  gauge("streamhub_recordings_active", "Broadcasts that are written to a storage", ({ active }) => active);
  gauge("streamhub_recording_queued_bytes", "Media that waits to be written", ({ queuedBytes }) => queuedBytes);
  gauge(
    "streamhub_storage_free_bytes",
    "Room that is left for recordings, where that can be known",
    ({ free }) => free,
  );
  new Counter({
    name: "streamhub_recording_written_bytes_total",
    help: "Bytes written for recordings and for rewinding",
    registers: [metrics],
    collect() {
      this.reset();
      this.inc(read()?.written ?? 0);
    },
  });
  const stopped = new Counter({
    name: "streamhub_recording_stops_total",
    help: "Recordings that ended before their broadcasts, by reason",
    labelNames: ["reason"],
    registers: [metrics],
  });
  // There from the start: an increase of what was not there is none.
  for (const reason of STOP_REASONS) stopped.inc({ reason }, 0);
  const removed = new Counter({
    name: "streamhub_recordings_removed_total",
    help: "Recordings that were removed by the settings, or because their streams are gone, by cause",
    labelNames: ["cause"],
    registers: [metrics],
  });
  return { onStopped: (reason) => stopped.inc({ reason }), onRemoved: (cause) => removed.inc({ cause }) };
}

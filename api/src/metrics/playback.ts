/** How it plays for viewers, by the way of playing. */
import { JOIN_BOUNDS, LATENCY_BOUNDS } from "@streamhub/db";
import type { Registry } from "prom-client";
import type { QualityReport } from "../views/model.ts";
import { counter, histogram } from "./registry.ts";

const seconds = (bounds: readonly number[]) => bounds.map((bound) => bound / 1_000);

/** Counts what players say. */
export function playbackMetrics(registry: Registry): (report: QualityReport) => void {
  const labelNames = ["player"] as const;
  const of = (name: string, help: string) =>
    counter(registry, { name: `streamhub_playback_${name}`, help, labelNames });
  const joins = histogram(registry, {
    name: "streamhub_playback_join_seconds",
    help: "From the wish to watch to the first picture",
    labelNames,
    buckets: seconds(JOIN_BOUNDS),
  });
  const latencies = histogram(registry, {
    name: "streamhub_playback_latency_seconds",
    help: "How old the picture was that players at the live edge showed, the mean of a report",
    labelNames,
    buckets: seconds(LATENCY_BOUNDS),
  });
  const played = of("played_seconds_total", "Played by viewers");
  const stalled = of("stalled_seconds_total", "In which the picture stood still and nobody wanted it to");
  const counters = [
    ["stalls", of("stalls_total", "Times that the picture stood still")],
    ["switches", of("switches_total", "Changes of the quality")],
    ["frames", of("frames_total", "Pictures that players had to show")],
    ["dropped", of("dropped_frames_total", "Pictures that players could not show in time")],
    ["errors", of("errors_total", "Errors that a way of playing could not mend by itself")],
  ] as const;
  return (report) => {
    const { player, joinMs, latencyMs, playedMs, stalledMs } = report;
    if (joinMs !== undefined) joins.observe({ player }, joinMs / 1_000);
    if (latencyMs !== undefined) latencies.observe({ player }, latencyMs / 1_000);
    played.inc({ player }, playedMs / 1_000);
    stalled.inc({ player }, stalledMs / 1_000);
    for (const [name, each] of counters) each.inc({ player }, report[name]);
  };
}

/** How private channels are watched. Labels are reasons of our own: no token, name or address gets here. */
import { Counter, Gauge, type Registry as PromRegistry } from "prom-client";
import type { Playback } from "./live/playback.ts";

export function playbackMetrics(metrics: PromRegistry, playback: Playback): void {
  const registers = [metrics];
  new Gauge({
    name: "streamhub_playback_players",
    help: "Players that watch with a playback token",
    registers,
    collect() {
      this.set(playback.stats.players);
    },
  });
  new Counter({
    name: "streamhub_playback_denied_total",
    help: "Requests for private media that were refused, by reason",
    labelNames: ["reason"],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(playback.stats.denied)) this.inc({ reason }, count);
    },
  });
}

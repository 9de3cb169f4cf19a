/** What viewers are given, and how private channels are watched. Labels are words of our own: no token, name or address gets here. */
import { Counter, Gauge, type Registry as PromRegistry } from "prom-client";
import type { Delivery } from "./delivery/delivery.ts";
import type { Playback } from "./live/playback.ts";

export function deliveryMetrics(metrics: PromRegistry, delivery: Delivery, playback: Playback): void {
  const registers = [metrics];
  new Counter({
    name: "streamhub_delivery_responses_total",
    help: "Answers to requests for live media, by what was asked for and status",
    labelNames: ["kind", "status"],
    registers,
    collect() {
      this.reset();
      for (const [what, count] of delivery.stats.answers) {
        const [kind = "", status = ""] = what.split(" ");
        this.inc({ kind, status }, count);
      }
    },
  });
  new Counter({
    name: "streamhub_delivery_renders_total",
    help: "Playlists and manifests made; one is for all who ask before the next change",
    registers,
    collect() {
      this.reset();
      this.inc(delivery.stats.renders);
    },
  });
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

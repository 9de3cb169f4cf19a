/** What became of messages to followers. */
import type { Registry } from "prom-client";
import type { Outcome } from "../mail/metrics.ts";
import { counter } from "../metrics/registry.ts";

export function noticeCounter(registry: Registry): (way: "push" | "mail", outcome: Outcome) => void {
  const sent = counter(registry, {
    name: "streamhub_notices_total",
    help: "Messages that followers were told by that a channel is live, by way and by what became of each try",
    labelNames: ["way", "outcome"],
  });
  return (way, outcome) => sent.inc({ way, outcome });
}

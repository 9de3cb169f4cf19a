/** What became of letters and notices. */
import type { Registry } from "prom-client";
import { counter } from "../metrics/registry.ts";

export type Outcome = "sent" | "refused" | "failed";

/** `failed`: this try; another one may follow. */
export function noticeCounter(registry: Registry): (way: "push" | "mail", outcome: Outcome) => void {
  const sent = counter(registry, {
    name: "streamhub_notices_total",
    help: "Messages that followers were told by that a channel is live, by way and by what became of each try",
    labelNames: ["way", "outcome"],
  });
  return (way, outcome) => sent.inc({ way, outcome });
}

export function letterCounter(registry: Registry): (kind: "reset" | "changed", outcome: Outcome) => void {
  const sent = counter(registry, {
    name: "streamhub_letters_total",
    help: "Letters about accounts, by kind and by what became of each try",
    labelNames: ["kind", "outcome"],
  });
  return (kind, outcome) => sent.inc({ kind, outcome });
}

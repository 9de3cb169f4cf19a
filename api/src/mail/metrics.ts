/** What became of letters about accounts. */
import type { Registry } from "prom-client";
import { counter } from "../metrics/registry.ts";

/** `failed`: this try; another one may follow. */
export type Outcome = "sent" | "refused" | "failed";

export function letterCounter(registry: Registry): (kind: "reset" | "changed", outcome: Outcome) => void {
  const sent = counter(registry, {
    name: "streamhub_letters_total",
    help: "Letters about accounts, by kind and by what became of each try",
    labelNames: ["kind", "outcome"],
  });
  return (kind, outcome) => sent.inc({ kind, outcome });
}

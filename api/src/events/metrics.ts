import { Counter, Gauge, type Registry } from "prom-client";

export type Transport = "websocket" | "sse";

/** Why a connection is over. */
export type Ending =
  /** The client went. */
  | "left"
  /** It did not read what was sent. */
  | "slow"
  /** Its session is over. */
  | "session"
  /** It said too much. */
  | "flood"
  /** Nobody could say for a long time whether it may still listen. */
  | "unchecked"
  /** The server stops. */
  | "stopping";

export interface EventMetrics {
  began(transport: Transport): void;
  ended(transport: Transport, why: Ending): void;
  sent(transport: Transport): void;
  refused(why: "address" | "full" | "stopping"): void;
}

/** Several sets of feeds on one registry, as tests have them, count together. */
export function makeEventMetrics(registry: Registry): EventMetrics {
  const counter = (name: string, help: string, labelNames: string[]) =>
    (registry.getSingleMetric(name) as Counter | undefined) ??
    new Counter({ name, help, labelNames, registers: [registry] });
  const clients =
    (registry.getSingleMetric("streamhub_event_clients") as Gauge | undefined) ??
    new Gauge({
      name: "streamhub_event_clients",
      help: "Clients that listen to live events",
      labelNames: ["transport"],
      registers: [registry],
    });
  const sent = counter("streamhub_events_sent_total", "Messages to clients of live events", ["transport"]);
  const endings = counter("streamhub_event_clients_ended_total", "Connections that are over, by cause", [
    "transport",
    "cause",
  ]);
  const refusals = counter("streamhub_event_clients_refused_total", "Connections that found no room", ["cause"]);
  return {
    began: (transport) => clients.inc({ transport }),
    ended(transport, cause) {
      clients.dec({ transport });
      endings.inc({ transport, cause });
    },
    sent: (transport) => sent.inc({ transport }),
    refused: (cause) => refusals.inc({ cause }),
  };
}

import { Counter, Gauge, type Registry as PromRegistry } from "prom-client";
import type { WireErrorCode } from "../bytes/wire-error.ts";
import { CLOSE_REASONS, type CloseReason } from "./limits.ts";

/** Prometheus metrics of the RTMP listener. Label sets are closed: reasons come from the code, never from a peer. */
export interface ServerMetrics {
  opened(): void;
  closed(reason: CloseReason | WireErrorCode): void;
  handedOver(): void;
  received(bytes: number): void;
  sent(bytes: number): void;
}

export interface ServerGauges {
  connections(): number;
  broadcasts(): number;
  gopBytes(): number;
}

export function makeServerMetrics(registry: PromRegistry, gauges: ServerGauges): ServerMetrics {
  const registers = [registry];
  const opened = new Counter({
    name: "streamhub_ingest_connections_opened_total",
    help: "RTMP connections accepted by the listener",
    registers,
  });
  const closed = new Counter({
    name: "streamhub_ingest_connections_closed_total",
    help: "RTMP connections closed, by reason",
    labelNames: ["reason"] as const,
    registers,
  });
  // There from the start: an increase of what was not there is none.
  for (const reason of CLOSE_REASONS) closed.inc({ reason }, 0);
  const handedOver = new Counter({
    name: "streamhub_ingest_connections_handed_over_total",
    help: "RTMP connections handed over to the process of this machine that has the broadcast",
    registers,
  });
  // Counted in plain numbers on the hot path, turned into a sample when scraped.
  const totals = { received: 0, sent: 0 };
  const total = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  total("streamhub_ingest_received_bytes_total", "Bytes read from RTMP connections", () => totals.received);
  total("streamhub_ingest_sent_bytes_total", "Bytes handed to RTMP players", () => totals.sent);
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("streamhub_ingest_connections", "Open RTMP connections", gauges.connections);
  gauge("streamhub_ingest_broadcasts", "Broadcasts live in this process", gauges.broadcasts);
  gauge("streamhub_ingest_gop_cache_bytes", "Bytes held in GOP caches", gauges.gopBytes);
  return {
    opened: () => opened.inc(),
    closed: (reason) => closed.inc({ reason }),
    handedOver: () => handedOver.inc(),
    received: (bytes) => {
      totals.received += bytes;
    },
    sent: (bytes) => {
      totals.sent += bytes;
    },
  };
}

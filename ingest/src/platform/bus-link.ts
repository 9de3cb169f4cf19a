/** This node on the bus: it does what the platform orders (`cut`), and says once a second how its broadcasts are. */
import { type Bus, INGEST_TOPIC, type Log } from "@streamhub/db";
import type { RegistryListener } from "../live/registry.ts";

export interface BusLinkOptions {
  readonly bus: Bus;
  readonly ingest: {
    listen(listener: RegistryListener): void;
    cut(streamId: number, reason: string): void;
  };
  readonly log: Log;
}

/** What a publisher is told when the database alone says that its stream is over: stopped, deleted, a new key, or another node has it. */
export const ENDED_ELSEWHERE =
  "This broadcast was ended from its channel's page, or another encoder has taken it over.";

/** Returns the way to leave. */
export function joinBus({ bus, ingest, log }: BusLinkOptions): () => Promise<void> {
  const subscription = bus.events.subscribe([INGEST_TOPIC], ({ data }) => {
    const command = readCut(data);
    if (command !== null) ingest.cut(command.streamId, command.reason);
  });
  subscription.catch((error) =>
    log.warn(
      { code: "bus.no-commands", error: String(error) },
      "Commands of the bus do not arrive; the heartbeat finds out",
    ),
  );
  return async () => {
    const leave = await subscription.catch(() => null);
    await leave?.();
  };
}

/** Anyone who reaches the bus may write on it: what is no command is not one. */
function readCut(data: string): { streamId: number; reason: string } | null {
  try {
    const { type, streamId, reason } = JSON.parse(data) as Record<string, unknown>;
    return type === "cut" && typeof streamId === "number" && typeof reason === "string" ? { streamId, reason } : null;
  } catch {
    return null;
  }
}

/** This node on the bus: it does what the platform orders (`cut`, `restreams`), and says once a second how its broadcasts are. */
import {
  type Bus,
  type CutCommand,
  INGEST_TOPIC,
  type Log,
  ownerTopic,
  type RestreamsCommand,
  sampleKey,
} from "@streamhub/db";
import { ms } from "../bytes/units.ts";
import { type HealthSample, StreamHealth } from "../doctor/stream-health.ts";
import type { RegistryListener } from "../live/registry.ts";
import type { HealthHistory } from "./health-history.ts";

export interface BusLinkOptions {
  readonly bus: Bus;
  readonly ingest: {
    listen(listener: RegistryListener): void;
    cut(streamId: number, reason: string): void;
    /** Null: it is not packaged here. */
    packaging?(streamId: number): PackagingHealth | null;
    /** How the services get it that it is sent on to. */
    restreams?(streamId: number): readonly RestreamHealth[];
    /** Which those are has changed. */
    reloadRestreams?(streamId: number): void;
  };
  readonly log: Log;
  /** Keeps the samples; default nobody. */
  readonly history?: Pick<HealthHistory, "add">;
  /** Between two samples. Default 1 s. */
  readonly sampleMs?: number;
}

/** What a publisher is told when the database alone says that its stream is over: stopped, deleted, a new key, or another node has it. */
export const ENDED_ELSEWHERE =
  "This broadcast was ended from its channel's page, or another encoder has taken it over.";

/** Renditions that are made of the source, and those that are not any more: this machine is too slow, or its ffmpeg can't. */
export interface LadderHealth {
  readonly renditions: readonly string[];
  readonly dropped: readonly { readonly rendition: string; readonly reason: "slow" | "failed" }[];
}

/** What becomes of what the encoder sends. */
export interface PackagingHealth {
  readonly state: "waiting" | "live" | "ended" | "failed";
  /** Why it failed. */
  readonly failure: string | null;
  /** Times that our own output broke a rule of HLS or DASH. */
  readonly violations: number;
  /** Null: the source alone. */
  readonly ladder: LadderHealth | null;
}

/** How another service gets a broadcast. */
export interface RestreamHealth {
  readonly id: number;
  readonly state: "connecting" | "live" | "retrying" | "refused" | "off";
  /** ISO 8601. */
  readonly since: string;
  readonly fault: { readonly code: string; readonly reason: string } | null;
  readonly bytes: number;
  readonly droppedFrames: number;
}

/** Topic `owner:ID`, and under the cache key `sample:ID` for as long as it is fresh. */
export interface StreamSample extends HealthSample {
  readonly packaging: PackagingHealth | null;
  readonly restreams: readonly RestreamHealth[];
  readonly type: "stream.sample";
  readonly streamId: number;
  /** ISO 8601. */
  readonly at: string;
}

/** A sample that is older says nothing about now. */
const SAMPLE_TTL = 10_000;

/** Call it before the first broadcast starts: it watches those that start afterwards. Returns the way to leave. */
export function joinBus({ bus, ingest, log, history, sampleMs = 1_000 }: BusLinkOptions): () => Promise<void> {
  const watched = new Map<number, StreamHealth>();
  ingest.listen({
    onStart(broadcast) {
      if (broadcast.streamId === null) return;
      const health = new StreamHealth(broadcast.startedAt, broadcast.latency);
      watched.set(broadcast.streamId, health);
      broadcast.subscribe(health);
    },
    onEnd({ streamId }) {
      if (streamId !== null && watched.delete(streamId)) quietly(bus.cache.delete(sampleKey(streamId)));
    },
  });

  const timer = setInterval(() => {
    const now = Date.now();
    for (const [streamId, health] of watched) {
      const measured = health.sample(ms(now));
      history?.add(streamId, now, measured);
      const packaging = ingest.packaging?.(streamId) ?? null;
      const restreams = ingest.restreams?.(streamId) ?? [];
      const sample = { streamId, at: new Date(now).toISOString(), ...measured, packaging, restreams };
      const data = JSON.stringify({ type: "stream.sample", ...sample } satisfies StreamSample);
      quietly(bus.events.notify(ownerTopic(streamId), data));
      quietly(bus.cache.set(sampleKey(streamId), data, SAMPLE_TTL));
    }
  }, sampleMs);

  const subscription = bus.events.subscribe([INGEST_TOPIC], ({ data }) => {
    const command = readCommand(data);
    if (command?.type === "cut") ingest.cut(command.streamId, command.reason);
    else if (command?.type === "restreams") ingest.reloadRestreams?.(command.streamId);
  });
  subscription.catch((error) =>
    log.warn(
      { code: "bus.no-commands", error: String(error) },
      "Commands of the bus do not arrive; the heartbeat finds out",
    ),
  );
  return async () => {
    clearInterval(timer);
    const leave = await subscription.catch(() => null);
    await leave?.();
  };
}

/** The next second says it again. */
const quietly = (written: Promise<void>): void => void written.catch(() => {});

/** Anyone who reaches the bus may write on it: what is no command is not one. */
function readCommand(data: string): CutCommand | RestreamsCommand | null {
  try {
    const { type, streamId, reason } = JSON.parse(data) as Record<string, unknown>;
    if (typeof streamId !== "number") return null;
    if (type === "restreams") return { type, streamId };
    return type === "cut" && typeof reason === "string" ? { type, streamId, reason } : null;
  } catch {
    return null;
  }
}

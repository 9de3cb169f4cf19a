/** All targets of the broadcasts of a process: begun with each broadcast, brought up to date when their owner changes them. */
import { Counter, Gauge, type Registry as PromRegistry } from "prom-client";
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { AddressLookup, Log, RestreamTarget, RestreamTargets } from "../live/ports.ts";
import type { RegistryListener } from "../live/registry.ts";
import { DEFAULT_RELAY_LIMITS, type RelayLimits } from "./limits.ts";
import { Relay, type RelayStatus } from "./relay.ts";
import { RELAY_STATES } from "./state.ts";

export interface RestreamsOptions {
  readonly targets: RestreamTargets;
  readonly lookup: AddressLookup;
  readonly metrics: PromRegistry;
  readonly log: Log;
  readonly limits?: Partial<RelayLimits>;
  /** 0 to 1, of the delays between attempts. */
  readonly random?: () => number;
  /** Certificates to trust instead of the usual ones, PEM. */
  readonly ca?: string;
}

export interface Restreams extends RegistryListener {
  /** The targets of a stream's channel have changed. */
  reload(streamId: number): void;
  /** Of a stream that is live here: each target that is switched on. */
  statusOf(streamId: number): readonly RelayStatus[];
  /** Stops all, in order. */
  stop(): void;
}

/** One broadcast's. */
interface Group {
  readonly broadcast: LiveBroadcast;
  readonly relays: Map<number, Relay>;
  /** Asks the platform now. */
  isAsking: boolean;
  /** Something has changed since it began to ask. */
  isStale: boolean;
  retry: Timer | null;
}

/** A database that is away is asked again. */
const ASK_AGAIN = 5_000;
/** An order of the bus can be lost. */
const LOOK_AGAIN = 60_000;

const isSame = (a: RestreamTarget, b: RestreamTarget): boolean =>
  a.address?.tcUrl === b.address?.tcUrl && a.key === b.key;

export function makeRestreams(options: RestreamsOptions): Restreams {
  const { targets, lookup, log, metrics, random = Math.random, ca } = options;
  const limits = { ...DEFAULT_RELAY_LIMITS, ...options.limits };
  const groups = new Map<number, Group>();
  const past = { bytes: 0, droppedFrames: 0 };
  const registers = [metrics];
  const statuses = () =>
    [...groups.values()].flatMap(({ relays }) => [...relays.values()].map((relay) => relay.status));

  new Gauge({
    name: "streamhub_restream_targets",
    help: "Targets of live broadcasts, by state",
    labelNames: ["state"],
    registers,
    collect() {
      const now = statuses();
      for (const state of RELAY_STATES)
        if (state !== "off") this.set({ state }, now.filter((status) => status.state === state).length);
    },
  });
  const summed = (name: string, help: string, what: keyof typeof past) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(statuses().reduce((sum, status) => sum + status[what], past[what]));
      },
    });
  summed("streamhub_restream_bytes_total", "Bytes sent to other services", "bytes");
  summed("streamhub_restream_dropped_frames_total", "Messages that other services were too slow for", "droppedFrames");
  const failures = new Counter({
    name: "streamhub_restream_failures_total",
    help: "Attempts and connections of targets that came to an end before the broadcast did",
    registers,
  });

  function drop(group: Group, relay: Relay): void {
    group.relays.delete(relay.target.id);
    relay.stop();
    past.bytes += relay.status.bytes;
    past.droppedFrames += relay.status.droppedFrames;
  }

  function begin(group: Group, target: RestreamTarget): void {
    const { broadcast, relays } = group;
    const { streamId, slug } = broadcast;
    const relay = new Relay({
      broadcast,
      target,
      lookup,
      limits,
      random,
      ...(ca === undefined ? {} : { ca }),
      onChange({ id, state, fault }) {
        const about = { slug, streamId, restreamId: id };
        if (state === "live") log.info({ code: "restream.live", ...about }, "Another service gets the broadcast");
        if (state !== "retrying" && state !== "refused") return;
        failures.inc();
        log.warn({ code: `restream.${state}`, ...about, fault: fault?.code }, fault?.reason ?? "A target failed");
      },
    });
    relays.set(target.id, relay);
  }

  function update(group: Group, wanted: readonly RestreamTarget[]): void {
    for (const relay of [...group.relays.values()]) {
      const now = wanted.find(({ id }) => id === relay.target.id);
      if (now === undefined || !isSame(now, relay.target)) drop(group, relay);
    }
    for (const target of wanted) if (!group.relays.has(target.id)) begin(group, target);
  }

  async function ask(streamId: number, group: Group): Promise<void> {
    if (group.isAsking) {
      group.isStale = true;
      return;
    }
    if (group.retry !== null) clearTimeout(group.retry);
    group.retry = null;
    group.isAsking = true;
    const isHere = () => groups.get(streamId) === group;
    try {
      do {
        group.isStale = false;
        const wanted = await targets.of(streamId);
        if (!isHere()) return;
        if (!group.isStale) update(group, wanted);
      } while (group.isStale);
      group.retry = setTimeout(() => void ask(streamId, group), LOOK_AGAIN);
    } catch (error) {
      if (!isHere()) return;
      log.warn(
        { code: "restream.unknown", streamId, error: String(error) },
        "The targets of a broadcast can't be read",
      );
      group.retry = setTimeout(() => void ask(streamId, group), ASK_AGAIN);
    } finally {
      group.isAsking = false;
    }
  }

  function end(streamId: number): void {
    const group = groups.get(streamId);
    if (group === undefined) return;
    groups.delete(streamId);
    if (group.retry !== null) clearTimeout(group.retry);
    for (const relay of [...group.relays.values()]) drop(group, relay);
  }

  return {
    onStart(broadcast) {
      const { streamId } = broadcast;
      if (streamId === null) return;
      const group: Group = { broadcast, relays: new Map(), isAsking: false, isStale: false, retry: null };
      groups.set(streamId, group);
      void ask(streamId, group);
    },
    onEnd({ streamId }) {
      if (streamId !== null) end(streamId);
    },
    reload(streamId) {
      const group = groups.get(streamId);
      if (group !== undefined) void ask(streamId, group);
    },
    statusOf: (streamId) => [...(groups.get(streamId)?.relays.values() ?? [])].map((relay) => relay.status),
    stop() {
      for (const streamId of [...groups.keys()]) end(streamId);
    },
  };
}

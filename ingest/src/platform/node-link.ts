/** This node among the others: says on the bus that it is there, how much it takes and what is live on it, and tells whether another one is gone. */
import { type Bus, findNode, forgetNode, forgetPlace, NODE_TTL, sayNode, sayPlace } from "@streamhub/db";
import { Gauge, type Registry as PromRegistry } from "prom-client";
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { RegistryListener } from "../live/registry.ts";

export interface NodeLinkOptions {
  readonly bus: Bus;
  readonly nodeId: string;
  /** Publishers at most; null: no limit. */
  readonly capacity: number | null;
  readonly metrics: PromRegistry;
  /** Milliseconds between two signs of life. Default 1 s. */
  readonly beatMs?: number;
}

export type NodeState = "there" | "draining" | "gone";

/** What the gate asks of the other nodes. */
export interface Peers {
  /** `there` unless it is certain. */
  stateOf(nodeId: string): Promise<NodeState>;
}

export interface NodeLink extends Peers {
  readonly listener: RegistryListener;
  readonly isDraining: boolean;
  /** Media can be asked for at this address from now on. */
  start(url: string): void;
  drain(): void;
  stop(): Promise<void>;
}

export function makeNodeLink(options: NodeLinkOptions): NodeLink {
  const { bus, nodeId, capacity, metrics, beatMs = 1_000 } = options;
  const live = new Set<LiveBroadcast>();
  let url: string | null = null;
  let isDraining = false;
  let timer: Timer | null = null;
  /** performance.now() since when the bus has known this node without a break. */
  let knownSince: number | null = null;

  const registers = [metrics];
  new Gauge({
    name: "streamhub_ingest_capacity",
    help: "Publishers that this node takes at most; +Inf without a limit",
    registers,
    collect() {
      this.set(capacity ?? Number.POSITIVE_INFINITY);
    },
  });
  new Gauge({
    name: "streamhub_ingest_draining",
    help: "1 while this node takes no new publishers because it is about to stop",
    registers,
    collect() {
      this.set(isDraining ? 1 : 0);
    },
  });

  new Gauge({
    name: "streamhub_bus_up",
    help: "Whether the bus can be reached",
    labelNames: ["kind"],
    registers,
    collect() {
      this.set({ kind: bus.kind }, bus.state().up ? 1 : 0);
    },
  });

  async function beat(): Promise<void> {
    if (url === null) return;
    const at = url;
    const isKnown = (await findNode(bus, nodeId)) !== null;
    if (!isKnown) knownSince = null;
    else knownSince ??= performance.now();
    const state = isDraining ? "draining" : "open";
    await sayNode(bus, nodeId, { state, url: at, publishers: live.size, capacity });
    await Promise.all([...live].map(({ slug }) => sayPlace(bus, slug, at)));
  }
  /** The next one says it again. */
  const quietly = (written: Promise<void>): void => void written.catch(() => {});

  return {
    listener: {
      onStart(broadcast) {
        live.add(broadcast);
        if (url !== null) quietly(sayPlace(bus, broadcast.slug, url));
      },
      onEnd(broadcast) {
        live.delete(broadcast);
        if (url !== null) quietly(forgetPlace(bus, broadcast.slug, url));
      },
    },
    get isDraining() {
      return isDraining;
    },
    start(address) {
      url = address;
      quietly(beat());
      timer ??= setInterval(() => quietly(beat()), beatMs);
    },
    drain() {
      isDraining = true;
      quietly(beat());
    },
    async stateOf(other) {
      const found = await findNode(bus, other);
      if (found !== null) return found.state === "draining" ? "draining" : "there";
      // A bus that was away, or has lost what it knew, knows nobody: first all must have had the time to say so again.
      const isCertain =
        bus.state().up && knownSince !== null && performance.now() - knownSince > NODE_TTL && other !== nodeId;
      return isCertain ? "gone" : "there";
    },
    async stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
      knownSince = null;
      if (url !== null) await forgetNode(bus, nodeId).catch(() => {});
      url = null;
    },
  };
}

import type { LiveBroadcast } from "./broadcast.ts";

export interface RegistryListener {
  onStart(broadcast: LiveBroadcast): void;
  onEnd(broadcast: LiveBroadcast): void;
}

/** Who is live in this process, by public name. */
export class Registry {
  private readonly live = new Map<string, LiveBroadcast>();
  private readonly listeners: RegistryListener[] = [];

  listen(listener: RegistryListener): void {
    this.listeners.push(listener);
  }

  find(slug: string): LiveBroadcast | undefined {
    return this.live.get(slug);
  }

  get size(): number {
    return this.live.size;
  }

  all(): Iterable<LiveBroadcast> {
    return this.live.values();
  }

  /** False when the name is taken: nothing has changed then. */
  start(broadcast: LiveBroadcast): boolean {
    if (this.live.has(broadcast.slug)) return false;
    this.live.set(broadcast.slug, broadcast);
    for (const listener of this.listeners) listener.onStart(broadcast);
    return true;
  }

  /** Ends the broadcast and its sinks. Idempotent. */
  end(broadcast: LiveBroadcast): void {
    if (this.live.get(broadcast.slug) !== broadcast) return;
    this.live.delete(broadcast.slug);
    broadcast.end();
    for (const listener of this.listeners) listener.onEnd(broadcast);
  }
}

import type { Milliseconds } from "../bytes/units.ts";
import type { LiveBroadcast, Publisher } from "./broadcast.ts";

export interface RegistryListener {
  onStart(broadcast: LiveBroadcast): void;
  /** `endedAt`: Unix time up to which there was a publisher. */
  onEnd(broadcast: LiveBroadcast, endedAt: Milliseconds): void;
}

/*
 * Who is live in this process, by public name.
 *
 *   state    on                                   to
 *   (none)   start                                live
 *   live     suspend (the publisher is lost)      away
 *            end                                  (none)
 *   away     resume                               live
 *            end, or the grace time is over       (none)
 */
export class Registry {
  private readonly live = new Map<string, LiveBroadcast>();
  private readonly graces = new Map<LiveBroadcast, Timer>();
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

  /** Its publisher is gone without a word: the broadcast waits for `graceTime`, then ends as of now. */
  suspend(broadcast: LiveBroadcast, now: Milliseconds, graceTime: Milliseconds): void {
    if (this.live.get(broadcast.slug) !== broadcast || this.graces.has(broadcast)) return;
    broadcast.suspend(now);
    this.graces.set(
      broadcast,
      setTimeout(() => this.end(broadcast, now), graceTime),
    );
  }

  /** Somebody goes on with it, in the place of whoever sends now. */
  resume(broadcast: LiveBroadcast, publisher: Publisher, now: Milliseconds): void {
    clearTimeout(this.graces.get(broadcast));
    this.graces.delete(broadcast);
    broadcast.suspend(now);
    broadcast.resume(publisher, now);
  }

  /** Ends the broadcast and its sinks. Idempotent. */
  end(broadcast: LiveBroadcast, now: Milliseconds): void {
    if (this.live.get(broadcast.slug) !== broadcast) return;
    const endedAt = broadcast.awaySince ?? now;
    clearTimeout(this.graces.get(broadcast));
    this.graces.delete(broadcast);
    this.live.delete(broadcast.slug);
    broadcast.end();
    for (const listener of this.listeners) listener.onEnd(broadcast, endedAt);
  }

  /** Ends those that wait for their publisher. */
  endAway(now: Milliseconds): void {
    for (const broadcast of [...this.graces.keys()]) this.end(broadcast, now);
  }
}

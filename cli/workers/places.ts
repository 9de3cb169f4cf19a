/** Which worker has which broadcast, as the supervisor knows it. Pure. */
import type { Place } from "./messages.ts";

/** Milliseconds for which late viewers of a broadcast that is over are still led to its worker. */
export const STAYS_FOR = 120_000;

/** A place that has changed; null: nobody has it any more. */
export type Change = readonly [slug: string, place: Place | null];

interface Held extends Place {
  /** Of what is over: until when it is remembered. */
  readonly until: number;
}

export class Places {
  private readonly held = new Map<string, Held>();

  entries(): [string, Place][] {
    return [...this.held].map(([slug, { worker, isLive }]) => [slug, { worker, isLive }]);
  }

  /** The worker that has a live broadcast of this name; null: none. */
  holder(slug: string): number | null {
    const found = this.held.get(slug);
    return found?.isLive === true ? found.worker : null;
  }

  start(slug: string, worker: number): Change {
    this.held.set(slug, { worker, isLive: true, until: Number.POSITIVE_INFINITY });
    return [slug, { worker, isLive: true }];
  }

  /** Null: another worker has it meanwhile. */
  end(slug: string, worker: number, now: number): Change | null {
    if (this.holder(slug) !== worker) return null;
    this.held.set(slug, { worker, isLive: false, until: now + STAYS_FOR });
    return [slug, { worker, isLive: false }];
  }

  /** All of a worker that is gone. */
  drop(worker: number): Change[] {
    return this.remove((held) => held.worker === worker);
  }

  /** What was remembered for long enough. */
  forget(now: number): Change[] {
    return this.remove(({ until }) => until <= now);
  }

  private remove(isOver: (held: Held) => boolean): Change[] {
    const gone = [...this.held].filter(([, held]) => isOver(held)).map(([slug]) => slug);
    for (const slug of gone) this.held.delete(slug);
    return gone.map((slug) => [slug, null]);
  }
}

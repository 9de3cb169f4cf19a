/** Reads the talk about a broadcast ahead of the picture, a stretch at a time, wherever the viewer goes. */

export interface ReplayOptions<T> {
  /** Of a stretch in milliseconds since the broadcast began; null: it did not arrive. */
  readonly load: (from: number, to: number) => Promise<readonly T[] | null>;
  readonly onLoaded: (messages: readonly T[]) => void;
  /** The viewer is somewhere else: what was read has nothing to do with it. */
  readonly onJump: () => void;
}

export interface Replay {
  /** Milliseconds since the broadcast began. */
  follow(at: number): Promise<void>;
}

/** What was said before one came is what one would see, had one been there. */
const BEFORE = 120_000;
const AHEAD = 60_000;
/** Read on when so little is left. */
const ENOUGH = 30_000;

export function makeReplay<T>({ load, onLoaded, onJump }: ReplayOptions<T>): Replay {
  let read: { from: number; to: number } | null = null;
  let busy = false;
  return {
    async follow(at) {
      if (busy) return;
      if (read === null || at < read.from || at > read.to + AHEAD) {
        if (read !== null) onJump();
        const from = Math.max(0, at - BEFORE);
        read = { from, to: from };
      }
      const mine = read;
      if (at + ENOUGH <= mine.to) return;
      const to = at + AHEAD;
      busy = true;
      const found = await load(mine.to, to).catch(() => null);
      busy = false;
      // What did not arrive is asked for again.
      if (found === null) return;
      mine.to = to;
      onLoaded(found);
    },
  };
}

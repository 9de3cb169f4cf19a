/** The server's clock, for saying how old a picture is: viewers' own clocks are wrong by seconds and minutes. */
export interface ServerClock {
  /** Milliseconds since 1970; null until it is known. */
  now(): number | null;
  /** Asks again when that is due; call it now and then. */
  keep(): void;
}

const EVERY_MS = 5 * 60_000;
const AGAIN_MS = 10_000;
/** Of so many questions the one with the quickest answer counts. */
const QUESTIONS = 3;

export function makeServerClock(url: string): ServerClock {
  let offset: number | null = null;
  let nextAt = 0;
  let asking = false;

  async function ask(): Promise<void> {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < QUESTIONS; i++) {
      const before = performance.now();
      const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(5_000) });
      const after = performance.now();
      const said = Date.parse((await response.text()).trim());
      if (!response.ok || !Number.isFinite(said)) throw new Error("no time");
      if (after - before >= best) continue;
      best = after - before;
      // The answer was true in the middle of its way.
      offset = said - (performance.timeOrigin + (before + after) / 2);
    }
  }

  return {
    now: () => (offset === null ? null : performance.timeOrigin + performance.now() + offset),
    keep() {
      const at = performance.now();
      if (asking || at < nextAt) return;
      asking = true;
      ask()
        .then(() => {
          nextAt = performance.now() + EVERY_MS;
        })
        .catch(() => {
          nextAt = performance.now() + AGAIN_MS;
        })
        .finally(() => {
          asking = false;
        });
    },
  };
}

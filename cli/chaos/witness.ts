/** A viewer who never looks away: what a player of the live playlist would have noticed. */

export interface Seen {
  /** Whole segments that were listed and fetched. */
  readonly segments: number;
  /** The longest time without a new part or segment. Seconds. */
  readonly pause: number;
  /** Segments that were skipped between two reloads: their numbers did not follow each other. */
  readonly holes: number;
  /** Reloads and segments that were not answered with 200. */
  readonly failures: number;
  /** The number of the newest segment; -1 before the first one. */
  readonly newest: number;
}

export interface Witness {
  /** Since the start, or since the last `forget`. */
  seen(): Seen;
  forget(): void;
  /** Resolves when it has seen something new, with the seconds that it took. */
  next(what: string, seconds: number): Promise<number>;
  stop(): Promise<void>;
}

const RELOAD_MS = 150;
const FETCH_TIMEOUT_MS = 5_000;

export function watch(site: string, slug: string): Witness {
  const base = `${site}/live/${slug}/video/`;
  const get = (name: string) => fetch(`${base}${name}`, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  let isOver = false;
  let newest = -1;
  let progress = "";
  let news = 0;
  let lastNews = performance.now();
  let [segments, pause, holes, failures] = [0, 0, 0, 0];

  async function look(): Promise<void> {
    const answer = await get("index.m3u8");
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the playlist: ${answer.status}`);
    const listed = [...text.matchAll(/^(\d+)\.m4s$/gm)].map(([, number]) => Number(number));
    const lines = text.split("\n");
    const mark = `${listed.at(-1)} ${lines.filter((line) => line.startsWith("#EXT-X-PART:")).at(-1)}`;
    if (mark !== progress) {
      pause = Math.max(pause, performance.now() - lastNews);
      progress = mark;
      lastNews = performance.now();
      news++;
    }
    for (const number of listed) {
      if (number <= newest) continue;
      if (newest >= 0 && number !== newest + 1) holes++;
      newest = number;
      const segment = await get(`${number}.m4s`);
      const { length } = await segment.bytes();
      if (segment.ok && length > 0) segments++;
      else failures++;
    }
  }

  const running = (async () => {
    while (!isOver) {
      await look().catch(() => failures++);
      await Bun.sleep(RELOAD_MS);
    }
  })();

  return {
    seen: () => ({
      segments,
      pause: Math.max(pause, performance.now() - lastNews) / 1_000,
      holes,
      failures,
      newest,
    }),
    forget() {
      [segments, pause, holes, failures] = [0, 0, 0, 0];
      lastNews = performance.now();
    },
    async next(what, seconds) {
      const [since, before] = [performance.now(), news];
      while (news === before) {
        if (performance.now() - since > seconds * 1_000) throw new Error(`${what}: nothing new in ${seconds} s`);
        await Bun.sleep(50);
      }
      return (performance.now() - since) / 1_000;
    },
    async stop() {
      isOver = true;
      await running;
    },
  };
}

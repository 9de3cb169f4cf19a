/** Viewers of the API: sessions that were opened and heartbeats that were acknowledged, to be found in the database afterwards. */

export interface Acknowledged {
  /** Sessions that were answered with 201. */
  readonly views: number;
  /** Seconds of watching that were answered with 204. */
  readonly seconds: number;
  /** Heartbeats that were refused, or not answered. */
  readonly refused: number;
}

export interface Audience {
  acknowledged(): Acknowledged;
  stop(): Promise<void>;
}

const HEARTBEAT_MS = 2_000;
const TIMEOUT_MS = 10_000;
/** Programs are not counted, so it says that it is a browser. */
const BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/** `viewers` open a session of the stream each and report that they watch. */
export async function seat(site: string, streamId: number, viewers: number): Promise<Audience> {
  let isOver = false;
  let [views, seconds, refused] = [0, 0, 0];

  async function attend(): Promise<void> {
    const ask = (path: string, cookie: string | null) =>
      fetch(`${site}/api/${path}`, {
        method: "POST",
        headers: { "user-agent": BROWSER, ...(cookie === null ? {} : { cookie }) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    const opened = await ask(`streams/${streamId}/views`, null);
    if (opened.status !== 201) throw new Error(`a viewer was answered with ${opened.status}: ${await opened.text()}`);
    views++;
    const { sessionId } = (await opened.json()) as { sessionId: string };
    const cookie = opened.headers.getSetCookie()[0]!.split(";", 1)[0]!;
    let last = performance.now();
    while (!isOver) {
      await Bun.sleep(HEARTBEAT_MS);
      const now = performance.now();
      const answer = await ask(`views/${sessionId}/heartbeat`, cookie).catch(() => null);
      if (answer?.status === 204) {
        seconds += (now - last) / 1_000;
        last = now;
      } else refused++;
    }
  }

  const first = Promise.withResolvers<void>();
  const all = Promise.all(
    Array.from({ length: viewers }, () =>
      attend().catch((error: unknown) => {
        first.reject(error);
      }),
    ),
  );
  while (views < viewers) {
    await Promise.race([Bun.sleep(50), first.promise]);
  }
  first.promise.catch(() => {});
  return {
    acknowledged: () => ({ views, seconds, refused }),
    async stop() {
      isOver = true;
      await all;
    },
  };
}

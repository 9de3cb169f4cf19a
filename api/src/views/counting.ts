/** How many watch each live stream: counted on the bus by one process for all, told to everyone when it changes, written down now and then. */
import { type Bus, type Database, notifyViewers, queries, viewersSet } from "@streamhub/db";

const LOCK = "viewer-counts";
/** Whoever counts may be silent for so long before another process does. */
const LOCK_TTL = 10_000;

export interface Counting {
  /** One round; nothing when another process counts, or the bus is away. Throws DatabaseError. */
  count(): Promise<void>;
  /** Lets another process count. */
  stop(): Promise<void>;
}

export function makeCounting(db: Database, bus: Bus, now: () => number): Counting {
  let lock: Awaited<ReturnType<Bus["locks"]["acquire"]>> = null;
  /** What was told and written last, by stream. */
  let told = new Map<number, number>();
  let written = new Map<number, { viewers: number; minute: number }>();

  /** Whoever counted before has told who knows what: all is told anew. */
  async function isMine(): Promise<boolean> {
    if (lock !== null && (await lock.renew(LOCK_TTL))) return true;
    lock = await bus.locks.acquire(LOCK, LOCK_TTL);
    told = new Map();
    written = new Map();
    return lock !== null;
  }

  return {
    async count() {
      if (!(await isMine())) return;
      const streams = await queries.listLiveStreams(db);
      const viewers = await bus.presence.countAll(streams.map(({ id }) => viewersSet(id)));
      const at = now();
      const counts = streams.map(({ id, channelId, startedAt }, n) => ({
        streamId: id,
        channelId,
        viewers: viewers[n] ?? 0,
        minute: Math.max(0, Math.floor((at - startedAt) / 60_000)),
      }));
      const news = counts.filter((count) => (told.get(count.streamId) ?? 0) !== count.viewers);
      told = new Map(counts.map((count) => [count.streamId, count.viewers]));
      await Promise.all(
        news.map(({ streamId, channelId, viewers }) => notifyViewers(bus, { streamId, channelId, viewers })),
      );
      const changed = counts.filter(({ streamId, viewers, minute }) => {
        const last = written.get(streamId);
        return last?.viewers !== viewers || last.minute !== minute;
      });
      if (changed.length > 0) await queries.writeViewerCounts(db, changed);
      written = new Map(counts.map(({ streamId, viewers, minute }) => [streamId, { viewers, minute }]));
    },
    async stop() {
      await lock?.release();
      lock = null;
    },
  };
}

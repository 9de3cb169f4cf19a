/**
 * From the bus to all who listen in this process: one subscription of the bus per topic, whoever listens and however many; each event is put into
 * words once.
 */
import { type Bus, type BusEvent, channelTopic, VIEWERS_TOPIC, type ViewersChange } from "@streamhub/db";
import { NOWHERE } from "./positions.ts";
import type { Topic } from "./topics.ts";
import { readViewers, type Wording, wordEvent, wordViewers } from "./wording.ts";

/** One client's part in one topic. */
export interface Listener {
  hear(wording: Wording): void;
}

export interface Hub {
  /** Resolves once nothing more is missed; null when `stillWanted` says no by then. */
  join(topic: Topic, listener: Listener, stillWanted: () => boolean): Promise<Joined | null>;
  /** Kept events of a topic after an id, in words; null when that id is no longer known. */
  past(topic: Topic, after: string): Promise<readonly Wording[] | null>;
  /** Bus topics subscribed to. */
  size(): number;
  close(): Promise<void>;
}

export interface Joined {
  /** The last event before those that the listener hears. */
  readonly position: string;
  leave(): void;
}

/** A topic of the bus. */
interface Source {
  users: number;
  last: string;
  readonly ready: Promise<() => Promise<void>>;
}

/** `isPublic`: which of these channels are; asked about those that are being watched. */
export function makeHub(
  events: Bus["events"],
  isPublic: (channelIds: readonly number[]) => Promise<ReadonlySet<number>>,
): Hub {
  const sources = new Map<string, Source>();
  const rooms = new Map<string, Set<Listener>>();
  /** Public channels' counts that wait for the answer whether they are public: the newest of each stream. */
  const undecided = new Map<number, ViewersChange>();
  let deciding = false;

  function tell(topic: string, wording: Wording): void {
    const room = rooms.get(topic);
    if (room !== undefined) for (const listener of [...room]) listener.hear(wording);
  }

  async function decide(): Promise<void> {
    if (deciding) return;
    deciding = true;
    // Counts of all broadcasts come in one go: they are asked about together.
    await Promise.resolve();
    while (undecided.size > 0) {
      const counts = [...undecided.values()];
      undecided.clear();
      const open = await isPublic([...new Set(counts.map(({ channelId }) => channelId))]).catch(
        () => new Set<number>(),
      );
      for (const count of counts) if (open.has(count.channelId)) tell(VIEWERS_TOPIC, wordViewers(VIEWERS_TOPIC, count));
    }
    deciding = false;
  }

  function route(event: BusEvent): void {
    if (event.topic === VIEWERS_TOPIC) {
      const count = readViewers(event);
      if (count === null) return;
      const own = channelTopic(count.channelId);
      if (rooms.has(own)) tell(own, wordViewers(own, count));
      if (!rooms.has(VIEWERS_TOPIC)) return;
      undecided.set(count.streamId, count);
      void decide();
      return;
    }
    if (!rooms.has(event.topic)) return;
    const wording = wordEvent(event);
    if (wording !== null) tell(event.topic, wording);
  }

  const sourcesOf = ({ name, kind }: Topic): readonly string[] => (kind === "channel" ? [name, VIEWERS_TOPIC] : [name]);

  async function acquire(name: string): Promise<void> {
    const known = sources.get(name);
    if (known !== undefined) {
      known.users++;
      await known.ready;
      return;
    }
    const source: Source = { users: 1, last: NOWHERE, ready: events.subscribe([name], hear) };
    function hear(event: BusEvent): void {
      // One that is being left may still speak while its successor does.
      if (sources.get(name) !== source) return;
      if (event.id !== "") source.last = event.id;
      route(event);
    }
    sources.set(name, source);
    await source.ready;
  }

  function release(name: string): void {
    const source = sources.get(name);
    if (source === undefined || --source.users > 0) return;
    sources.delete(name);
    void source.ready.then((end) => end()).catch(() => {});
  }

  return {
    async join(topic, listener, stillWanted) {
      const names = sourcesOf(topic);
      let left = false;
      const leave = () => {
        if (left) return;
        left = true;
        const room = rooms.get(topic.name);
        room?.delete(listener);
        if (room?.size === 0) rooms.delete(topic.name);
        for (const name of names) release(name);
      };
      try {
        await Promise.all(names.map(acquire));
      } catch (error) {
        leave();
        throw error;
      }
      if (!stillWanted()) {
        leave();
        return null;
      }
      rooms.set(topic.name, (rooms.get(topic.name) ?? new Set()).add(listener));
      return { position: sources.get(topic.name)?.last ?? NOWHERE, leave };
    },
    async past({ name }, after) {
      const found = await events.since(name, after);
      return found?.map(wordEvent).filter((wording) => wording !== null) ?? null;
    },
    size: () => sources.size,
    async close() {
      rooms.clear();
      const ends = [...sources.values()].map(async ({ ready }) => (await ready)());
      sources.clear();
      await Promise.allSettled(ends);
    },
  };
}

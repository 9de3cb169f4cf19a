/**
 * From the bus to all who listen in this process: one subscription of the bus per topic, whoever listens and however many; each event is put into
 * words once.
 */
import { type Bus, type BusEvent, channelTopic, VIEWERS_TOPIC, type ViewersChange } from "@streamhub/db";
import { NOWHERE } from "./positions.ts";
import { type Listener, makeRooms } from "./rooms.ts";
import type { Topic } from "./topics.ts";
import { readViewers, type Wording, wordEvent, wordViewers } from "./wording.ts";

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

/** Counts of many broadcasts are told together. Milliseconds. */
const VIEWERS_EVERY = 250;
const COUNTS_AT_ONCE = 500;

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
  const rooms = makeRooms();
  /** Public channels' counts that wait for the answer whether they are public: the newest of each stream. */
  const undecided = new Map<number, ViewersChange>();
  let waiting: Timer | null = null;

  /** Counts of all broadcasts come in one go: they are asked about, and told, together. */
  async function tellViewers(): Promise<void> {
    const counts = [...undecided.values()];
    undecided.clear();
    const ids = [...new Set(counts.map(({ channelId }) => channelId))];
    const open = await isPublic(ids).catch(() => new Set<number>());
    const told = counts.filter(({ channelId }) => open.has(channelId));
    for (let at = 0; at < told.length; at += COUNTS_AT_ONCE)
      rooms.tell(VIEWERS_TOPIC, wordViewers(VIEWERS_TOPIC, told.slice(at, at + COUNTS_AT_ONCE)));
  }

  /** One after the other: an older count must not overtake a newer one. */
  let telling: Promise<void> = Promise.resolve();
  function tellSoon(): void {
    if (waiting !== null) return;
    waiting = setTimeout(() => {
      waiting = null;
      telling = telling.then(tellViewers);
    }, VIEWERS_EVERY);
    waiting.unref();
  }

  function route(event: BusEvent): void {
    if (event.topic === VIEWERS_TOPIC) {
      const count = readViewers(event);
      if (count === null) return;
      const own = channelTopic(count.channelId);
      if (rooms.has(own)) rooms.tell(own, wordViewers(own, [count]));
      if (!rooms.has(VIEWERS_TOPIC)) return;
      undecided.set(count.streamId, count);
      tellSoon();
      return;
    }
    if (!rooms.has(event.topic)) return;
    const wording = wordEvent(event);
    if (wording !== null) rooms.tell(event.topic, wording);
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
        rooms.leave(topic.name, listener);
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
      rooms.enter(topic.name, listener);
      return { position: sources.get(topic.name)?.last ?? NOWHERE, leave };
    },
    async past({ name }, after) {
      const found = await events.since(name, after);
      return found?.map(wordEvent).filter((wording) => wording !== null) ?? null;
    },
    size: () => sources.size,
    async close() {
      if (waiting !== null) clearTimeout(waiting);
      rooms.clear();
      const ends = [...sources.values()].map(async ({ ready }) => (await ready)());
      sources.clear();
      await Promise.allSettled(ends);
    },
  };
}

/** Topics and their subscribers within one process. */
import type { BusEvent, BusEvents } from "../bus.ts";
import { isLater, isTooOld, KEPT_EVENTS } from "../event-id.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { Surroundings } from "./state.ts";

const MAX_TOPICS = 10_000;
/** Characters that one topic keeps. */
const MAX_KEPT = 4 * 1024 * 1024;

interface Topic {
  /** Milliseconds and number of the last id: they grow even when the clock goes back. */
  time: number;
  number: number;
  /** Oldest first. */
  readonly kept: BusEvent[];
  characters: number;
}

export interface InProcessEvents extends BusEvents {
  sweep(): void;
  clear(): void;
}

/** `onMistake` is told of a handler that threw, which none should. */
export function makeEvents({ now }: Surroundings, onMistake: (error: unknown) => void): InProcessEvents {
  const topics = new BoundedMap<string, Topic>(MAX_TOPICS);
  const subscribers = new Map<string, Set<(event: BusEvent) => void>>();
  const queue: BusEvent[] = [];
  let delivering = false;

  /** A handler may publish: its event waits until all have seen the present one, so that everybody sees one order. */
  function deliver(event: BusEvent): void {
    queue.push(event);
    if (delivering) return;
    delivering = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const handlers = subscribers.get(next.topic);
      for (const handler of [...(handlers ?? [])]) {
        if (!handlers?.has(handler)) continue;
        try {
          handler(next);
        } catch (error) {
          onMistake(error);
        }
      }
    }
    delivering = false;
  }

  function trim(topic: Topic): void {
    while (topic.kept.length > 0) {
      const oldest = topic.kept[0]!;
      if (topic.kept.length <= KEPT_EVENTS && topic.characters <= MAX_KEPT && !isTooOld(oldest.id, now())) return;
      topic.kept.shift();
      topic.characters -= oldest.data.length;
    }
  }

  function keep(name: string, data: string): BusEvent {
    const topic = topics.get(name) ?? { time: 0, number: 0, kept: [], characters: 0 };
    const time = Math.max(topic.time, now());
    topic.number = time === topic.time ? topic.number + 1 : 0;
    topic.time = time;
    const event: BusEvent = { id: `${topic.time}-${topic.number}`, topic: name, data };
    topic.kept.push(event);
    topic.characters += data.length;
    trim(topic);
    topics.set(name, topic);
    return event;
  }

  return {
    publish: async (topic, data) => deliver(keep(topic, data)),
    notify: async (topic, data) => deliver({ id: "", topic, data }),
    async subscribe(names, handler) {
      // One subscription, one identity: the same function may subscribe twice.
      const own = (event: BusEvent) => handler(event);
      for (const name of new Set(names)) subscribers.set(name, (subscribers.get(name) ?? new Set()).add(own));
      return async () => {
        for (const name of names) {
          const handlers = subscribers.get(name);
          handlers?.delete(own);
          if (handlers?.size === 0) subscribers.delete(name);
        }
      };
    },
    async since(name, after) {
      const topic = topics.get(name);
      if (topic === undefined) return null;
      trim(topic);
      if (!topic.kept.some(({ id }) => id === after)) return null;
      return topic.kept.filter(({ id }) => isLater(id, after));
    },
    sweep() {
      topics.sweep((topic) => {
        trim(topic);
        return topic.kept.length === 0;
      });
    },
    clear() {
      topics.clear();
      subscribers.clear();
      queue.length = 0;
    },
  };
}

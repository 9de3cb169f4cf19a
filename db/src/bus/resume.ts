/** Joins what was published before with what comes: no gap, nothing twice, in order. For clients that reconnect with the last id they saw. */
import type { BusEvent, BusEvents } from "./bus.ts";
import { isLater } from "./event-id.ts";

export interface Resumed {
  /** Topics whose id is no longer known: their client must read the present state afresh. */
  readonly missed: readonly string[];
  end(): Promise<void>;
}

/** `topics`: topic -> id of the last event that the client saw, or null for later events only. */
export async function subscribeFrom(
  events: BusEvents,
  topics: ReadonlyMap<string, string | null>,
  handler: (event: BusEvent) => void,
): Promise<Resumed> {
  /** Live events of topics whose past is still being read. */
  const waiting = new Map<string, BusEvent[]>();
  const last = new Map<string, string>();
  const hand = (event: BusEvent) => {
    const seen = last.get(event.topic);
    if (event.id !== "") {
      if (seen !== undefined && !isLater(event.id, seen)) return;
      last.set(event.topic, event.id);
    }
    handler(event);
  };
  for (const [topic, after] of topics) if (after !== null) waiting.set(topic, []);
  // Subscribed first: what comes between the two is seen twice here and once by the handler.
  const end = await events.subscribe([...topics.keys()], (event) => {
    const queue = waiting.get(event.topic);
    if (queue === undefined) hand(event);
    else queue.push(event);
  });
  const missed: string[] = [];
  for (const [topic, after] of topics) {
    if (after === null) continue;
    const past = await events.since(topic, after);
    if (past === null) missed.push(topic);
    for (const event of past ?? []) hand(event);
    const queue = waiting.get(topic) ?? [];
    waiting.delete(topic);
    for (const event of queue) hand(event);
  }
  return { missed, end };
}

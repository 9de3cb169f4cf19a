/**
 * How far a client has read: the last event's id of each topic that is kept, in one text such as `streams=1764100000000-0,channel:12=0-0`. SSE has room
 * for one id only, so it names all topics.
 */
import { isEventId } from "@streamhub/db/bus/event-id";

/** Before the first event that this server has seen of a topic: whoever comes back with it is told to read anew. */
export const NOWHERE = "0-0";

export type Positions = ReadonlyMap<string, string>;

/** Topic -> id. Null when the text was not made by `formatPositions`. */
export function parsePositions(text: string): Positions | null {
  const positions = new Map<string, string>();
  if (text === "") return positions;
  for (const part of text.split(",")) {
    const [topic = "", id = "", ...more] = part.split("=");
    if (topic === "" || !isEventId(id) || more.length > 0) return null;
    positions.set(topic, id);
  }
  return positions;
}

export function formatPositions(positions: Iterable<readonly [topic: string, id: string]>): string {
  let text = "";
  for (const [topic, id] of positions) text += `${text === "" ? "" : ","}${topic}=${id}`;
  return text;
}

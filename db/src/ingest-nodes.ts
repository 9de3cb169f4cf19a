/** What ingest nodes say of themselves on the bus, and where a channel's live media are. It is said again every second and forgotten soon after. */
import type { Bus } from "./bus/bus.ts";

export interface IngestNode {
  /** `draining`: it takes no new publisher and will be gone. */
  readonly state: "open" | "draining";
  /** Where its media are over HTTP, for the gateway, such as `http://10.0.0.5:8080`. */
  readonly url: string;
  readonly publishers: number;
  /** Publishers that it takes at most; null: no limit. */
  readonly capacity: number | null;
}

/** Milliseconds after which a node that says nothing is gone. */
export const NODE_TTL = 4_000;

const nodeKey = (nodeId: string): string => `node:${nodeId}`;
const placeKey = (slug: string): string => `place:${slug}`;

/** Anyone who reaches the bus may write on it: what is no JSON object is nothing. */
function read(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = text === null ? null : JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

export const sayNode = (bus: Bus, nodeId: string, node: IngestNode): Promise<void> =>
  bus.cache.set(nodeKey(nodeId), JSON.stringify(node), NODE_TTL);

export const forgetNode = (bus: Bus, nodeId: string): Promise<void> => bus.cache.delete(nodeKey(nodeId));

/** Null: it is not known, because it is gone or the bus is away. */
export async function findNode(bus: Bus, nodeId: string): Promise<IngestNode | null> {
  const found = read(await bus.cache.get(nodeKey(nodeId)));
  if (found === null || typeof found.url !== "string") return null;
  return {
    state: found.state === "draining" ? "draining" : "open",
    url: found.url,
    publishers: Number(found.publishers),
    capacity: typeof found.capacity === "number" ? found.capacity : null,
  };
}

export const sayPlace = (bus: Bus, slug: string, url: string): Promise<void> =>
  bus.cache.set(placeKey(slug), JSON.stringify({ url }), NODE_TTL);

/** Only while it is that node which has it: another one may have said so meanwhile. */
export async function forgetPlace(bus: Bus, slug: string, url: string): Promise<void> {
  if ((await findPlace(bus, slug)) === url) await bus.cache.delete(placeKey(slug));
}

/** The URL of the node that has a channel's live media; null: nobody says so. */
export async function findPlace(bus: Bus, slug: string): Promise<string | null> {
  const url = read(await bus.cache.get(placeKey(slug)))?.url;
  return typeof url === "string" ? url : null;
}

/** A worker's side of the channel to its supervisor: what it has live, and where the others have theirs. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { LiveBroadcast } from "@streamhub/ingest/live/broadcast";
import type { Siblings } from "@streamhub/ingest/live/ports";
import type { RegistryListener } from "@streamhub/ingest/live/registry";
import { isDownload, slugOf } from "./forward.ts";
import type { Place, SharedPorts, Sockets, StartOrder, ToSupervisor, ToWorker } from "./messages.ts";

/** The one whose files (downloads) the others ask for. */
const FIRST = 0;
const CUT = "Another encoder has come first with this name.";

export interface WorkerLink {
  readonly worker: number;
  readonly count: number;
  readonly restarts: number;
  readonly ports: SharedPorts;
  readonly ownPort: number;
  readonly sockets: Sockets;
  readonly siblings: Siblings;
  readonly listener: RegistryListener;
  /** The Unix socket of the worker that answers requests for this path; null: this one does. */
  httpFor(path: string): string | null;
  /** Whether a worker runs, as far as the supervisor knows. */
  isUp(worker: number): boolean;
  /** Broadcasts that other workers have live. */
  othersLive(): number;
  receive(message: ToWorker): void;
}

/** This worker's name in the database, beside the others of its DATA_DIR. */
export const workerNodeId = (nodeId: string, worker: number): string =>
  worker === FIRST ? nodeId : `${nodeId}-${worker}`;
/** The number of the worker that has this name; null: it is none of this DATA_DIR. */
export function workerOf(nodeId: string, name: string): number | null {
  if (name === nodeId) return FIRST;
  const number = name.startsWith(`${nodeId}-`) ? name.slice(nodeId.length + 1) : "";
  return /^[1-9]\d{0,3}$/.test(number) ? Number(number) : null;
}
/** What a worker keeps for itself that can be made again. The first one's folder is DATA_DIR, as that of an ingest process that is alone. */
export const workerFolder = (dataDir: string, worker: number): string =>
  worker === FIRST ? dataDir : join(dataDir, `worker-${worker}`);

/** Of workers that there were, when none runs: one that is started again may have another number, or there may be fewer. */
export function clearWorkerFolders(dataDir: string): void {
  for (const name of readdirSync(dataDir))
    if (/^worker-\d+$/.test(name)) rmSync(join(dataDir, name), { recursive: true, force: true });
}

export function makeWorkerLink(order: StartOrder, tell: (message: ToSupervisor) => void): WorkerLink {
  const { worker } = order;
  const places = new Map<string, Place>(order.places);
  const live = new Map<string, LiveBroadcast>();
  let { sockets } = order;

  const elsewhere = (slug: string): Place | null => {
    const found = live.has(slug) ? undefined : places.get(slug);
    return found === undefined || found.worker === worker ? null : found;
  };

  return {
    worker,
    count: order.count,
    restarts: order.restarts,
    ports: order.ports,
    ownPort: order.ownPort,
    sockets: sockets[worker]!,
    siblings: {
      path: sockets[worker]!.rtmp,
      find(slug) {
        const place = elsewhere(slug);
        return place?.isLive === true ? (sockets[place.worker]?.rtmp ?? null) : null;
      },
    },
    listener: {
      onStart(broadcast) {
        live.set(broadcast.slug, broadcast);
        tell({ type: "live", slug: broadcast.slug });
      },
      onEnd(broadcast) {
        if (live.get(broadcast.slug) !== broadcast) return;
        live.delete(broadcast.slug);
        tell({ type: "over", slug: broadcast.slug });
      },
    },
    httpFor(path) {
      const slug = slugOf(path);
      const place = slug === null ? null : elsewhere(slug);
      if (place !== null) return sockets[place.worker]?.http ?? null;
      return worker !== FIRST && isDownload(path) ? (sockets[FIRST]?.http ?? null) : null;
    },
    isUp: (other) => (sockets[other] ?? null) !== null,
    othersLive: () => [...places.values()].filter((place) => place.isLive && place.worker !== worker).length,
    receive(message) {
      switch (message.type) {
        case "sockets":
          sockets = message.sockets;
          return;
        case "place":
          if (message.place === null) places.delete(message.slug);
          else places.set(message.slug, message.place);
          return;
        case "cut":
          live.get(message.slug)?.refuse("publish.cut", CUT);
          return;
        case "start":
          return;
      }
    },
  };
}

/**
 * Who listens to which topic, and the handing out. A write to a socket costs some microseconds, so an event for thousands is handed out in slices, and
 * whatever else the process does goes on in between; each topic keeps its order.
 */
import type { Wording } from "./wording.ts";

/** One client's part in one topic. */
export interface Listener {
  hear(wording: Wording): void;
  /** Some were left out: it came too fast for this process. */
  miss(): void;
}

export interface Rooms {
  has(topic: string): boolean;
  enter(topic: string, listener: Listener): void;
  leave(topic: string, listener: Listener): void;
  tell(topic: string, wording: Wording): void;
  clear(): void;
}

/** Listeners that are told in one go: some milliseconds. */
const SLICE = 250;
/** Events of one topic that wait to be handed out. */
const MAX_PENDING = 1_000;

interface Room {
  readonly listeners: Set<Listener>;
  readonly pending: Wording[];
  isTelling: boolean;
}

export function makeRooms(slice = SLICE): Rooms {
  const rooms = new Map<string, Room>();

  async function handOut(room: Room): Promise<void> {
    room.isTelling = true;
    for (let wording = room.pending.shift(); wording !== undefined; wording = room.pending.shift()) {
      let told = 0;
      // Whoever enters meanwhile begins after this event; whoever leaves hears nothing more.
      for (const listener of [...room.listeners]) {
        if (told === slice) {
          await new Promise((resolve) => setImmediate(resolve));
          told = 0;
        }
        listener.hear(wording);
        told++;
      }
    }
    room.isTelling = false;
  }

  return {
    has: (topic) => rooms.has(topic),
    enter(topic, listener) {
      const room = rooms.get(topic);
      if (room === undefined) rooms.set(topic, { listeners: new Set([listener]), pending: [], isTelling: false });
      else room.listeners.add(listener);
    },
    leave(topic, listener) {
      const room = rooms.get(topic);
      room?.listeners.delete(listener);
      if (room?.listeners.size === 0) rooms.delete(topic);
    },
    tell(topic, wording) {
      const room = rooms.get(topic);
      if (room === undefined) return;
      if (room.pending.length >= MAX_PENDING) {
        room.pending.length = 0;
        for (const listener of [...room.listeners]) listener.miss();
      }
      room.pending.push(wording);
      // Up to the first slice it is done at once.
      if (!room.isTelling) void handOut(room);
    },
    clear: () => rooms.clear(),
  };
}

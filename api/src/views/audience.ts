/** Who watches now, on its way to the bus: signs of life of many viewers in one round trip. */
import { type Bus, VIEWER_TTL, viewersSet } from "@streamhub/db";

const MAX_PENDING = 200_000;

export interface Audience {
  isHere(streamId: number, member: string): void;
  /** At once: who has left should not count for another half minute. */
  hasLeft(streamId: number, member: string): void;
  flush(): Promise<void>;
}

export function makeAudience(bus: Bus): Audience {
  let here = new Map<number, Set<string>>();
  let size = 0;
  return {
    isHere(streamId, member) {
      // The next sign of life says it again.
      if (size >= MAX_PENDING) return;
      let members = here.get(streamId);
      if (members === undefined) {
        members = new Set();
        here.set(streamId, members);
      }
      members.add(member);
      size++;
    },
    hasLeft(streamId, member) {
      here.get(streamId)?.delete(member);
      bus.presence.leave(viewersSet(streamId), member).catch(() => {});
    },
    async flush() {
      const entries = [...here].flatMap(([streamId, members]) =>
        [...members].map((member) => ({ set: viewersSet(streamId), member, ttl: VIEWER_TTL })),
      );
      here = new Map();
      size = 0;
      if (entries.length > 0) await bus.presence.touch(entries);
    },
  };
}

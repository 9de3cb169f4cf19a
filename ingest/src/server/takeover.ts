/** Who may go on with a broadcast that has a publisher already. */
import { type Milliseconds, ms } from "../bytes/units.ts";
import type { LiveBroadcast } from "../live/broadcast.ts";
import type { SecondEncoder } from "../live/ports.ts";

/** A publisher that was heard this recently is there. A dead connection looks alive for minutes, and encoders come back after two seconds. */
const ALIVE = ms(1_800);
/** An encoder that was replaced tries again by itself: it must not take the broadcast back from the one that its owner meant. */
const REPLACED = ms(60_000);
const MAX_REPLACED = 8;

/** Addresses of the encoders that a broadcast was taken from, and when. */
const replaced = new WeakMap<LiveBroadcast, Map<string, Milliseconds>>();

/** Whether a newcomer goes on with the broadcast; where it does, what it replaced is remembered. */
export function takesOver(
  broadcast: LiveBroadcast,
  policy: SecondEncoder,
  address: string,
  now: Milliseconds,
): boolean {
  const { publisher } = broadcast;
  if (publisher === null || now - publisher.lastSeen > ALIVE) return true;
  if (policy === "refuse") return false;
  const known = replaced.get(broadcast) ?? new Map<string, Milliseconds>();
  const since = known.get(address);
  if (since !== undefined && now - since < REPLACED && address !== publisher.address) return false;
  replaced.set(broadcast, known);
  known.delete(publisher.address);
  known.set(publisher.address, now);
  if (known.size > MAX_REPLACED) known.delete(known.keys().next().value!);
  return true;
}

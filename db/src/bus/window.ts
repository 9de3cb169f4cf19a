/**
 * The sliding window of both adapters (Redis runs the same steps in Lua, redis/limits.ts). Hits are kept in slots of a 64th of the window, and a slot
 * counts until its last instant has left the window: never more than `limit` within any window, in at most 66 numbers per key.
 */
import type { LimitResult, LimitRule } from "./bus.ts";

const SLOTS = 64;

export const slotLength = (window: number): number => Math.max(1, Math.ceil(window / SLOTS));

/** Start of a slot -> hits in it, oldest first. */
export type Slots = Map<number, number>;

/** Changes `slots` when the hit is allowed. */
export function hitWindow(slots: Slots, { limit, window }: LimitRule, cost: number, now: number): LimitResult {
  const length = slotLength(window);
  const leaves = (start: number) => start + length + window;
  let used = 0;
  for (const [start, hits] of slots) {
    if (leaves(start) <= now) slots.delete(start);
    else used += hits;
  }
  const wanted = Math.max(cost, 1);
  if (used + wanted > limit) {
    let kept = used;
    for (const [start, hits] of slots) {
      kept -= hits;
      if (kept + wanted <= limit)
        return { allowed: false, remaining: Math.max(0, limit - used), retryAfter: leaves(start) - now };
    }
    return { allowed: false, remaining: Math.max(0, limit - used), retryAfter: window + length };
  }
  if (cost > 0) {
    const start = Math.floor(now / length) * length;
    slots.set(start, (slots.get(start) ?? 0) + cost);
  }
  return { allowed: true, remaining: limit - used - cost, retryAfter: 0 };
}

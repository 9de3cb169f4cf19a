import { type Milliseconds, ms, type Seconds, seconds } from "../bytes/units.ts";

/** How close to live a channel's viewers are, and what that costs: parts are smaller, and media crosses to the remuxer more often. */
export type LatencyProfile = "ultra" | "balanced" | "standard";

export interface LatencyTraits {
  /** About how long parts are; the target is three of them behind the end. */
  readonly part: Seconds;
  /** Parts are listed; without, whole segments only. */
  readonly isLow: boolean;
  /** How much media crosses to the remuxer at once. */
  readonly batch: Milliseconds;
}

export const LATENCY: Readonly<Record<LatencyProfile, LatencyTraits>> = {
  ultra: { part: seconds(0.2), isLow: true, batch: ms(0) },
  balanced: { part: seconds(0.5), isLow: true, batch: ms(90) },
  standard: { part: seconds(0.5), isLow: false, batch: ms(400) },
};

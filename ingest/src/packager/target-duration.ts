import type { PackagerSink } from "./segment.ts";

/** TARGETDURATION of a broadcast: chosen once, then obeyed (HLS §4.4.3.1, §6.2.1). */
export interface TargetDuration {
  /** Null until the first GOP is known. */
  readonly seconds: number | null;
  /** The most seconds that a segment may last, so that it rounds to no more than the target. */
  readonly limit: number;
  freeze(gopSeconds: number): void;
}

const LEAST = 2;
const MOST = 10;
/** An EXTINF is rounded to the nearest integer for the rule, so half a second is over the top. */
const ROOM = 0.49;
/** A GOP of 2.002 s has a target of 2, and its encoder some room to be late. */
const TOLERANCE = 0.1;

export function makeTargetDuration(sink: Pick<PackagerSink, "onTargetDuration">): TargetDuration {
  let chosen: number | null = null;
  return {
    get seconds() {
      return chosen;
    },
    get limit() {
      return (chosen ?? MOST) + ROOM;
    },
    freeze(gopSeconds) {
      if (chosen !== null) return;
      chosen = Math.min(MOST, Math.max(LEAST, Math.ceil(gopSeconds - TOLERANCE)));
      sink.onTargetDuration(chosen);
    },
  };
}

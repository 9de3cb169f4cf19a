/** PART-TARGET of a broadcast: chosen once its frames are known, then obeyed (HLS §4.4.3.7, §6.2.1). */
export interface PartTarget {
  /** Null until the first segment is about to end. */
  readonly seconds: number | null;
  /** `frameSeconds`: the usual length of the leading rendition's frames. */
  freeze(frameSeconds: number): void;
}

/** A part is a whole number of frames, whose lengths waver: milliseconds of FLV, rates such as 29.97. */
const HEADROOM = 1.02;
const ROUNDING = 0.002;
/** §4.4.4.9: any part that is not its segment's last, nor before a gap, has this much of the target. */
export const LEAST_PART = 0.85;

/** `wanted`: seconds; the target is the whole number of frames that comes closest. */
export function makePartTarget(wanted: number, onChosen: (seconds: number) => void): PartTarget {
  let chosen: number | null = null;
  return {
    get seconds() {
      return chosen;
    },
    freeze(frameSeconds) {
      if (chosen !== null) return;
      const frames = Math.max(1, Math.round(wanted / frameSeconds));
      chosen = Math.ceil((frames * frameSeconds * HEADROOM + ROUNDING) * 1000) / 1000;
      onChosen(chosen);
    },
  };
}

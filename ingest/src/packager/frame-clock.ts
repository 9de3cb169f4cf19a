import type { Frame } from "./frame.ts";
import type { Sample, Track } from "./track.ts";

/** Ticks per second of a track's chunks: CMAF's usual 90 kHz for pictures, whose FLV milliseconds are exact in it; the sample rate for sound. */
export function outputTimescale(track: Track): number {
  return track.kind === "video" ? 90_000 : track.sampleRate;
}

export interface FrameClock {
  /**
   * Takes the next sample and gives back the one before, whose duration is known now.
   */
  push(sample: Sample): Frame | null;
  /** The last sample, with a duration by guess. */
  flush(): Frame | null;
  /** The time of the sample that waits for its duration. */
  readonly nextTime: number;
}

interface Waiting {
  readonly sample: Sample;
  readonly time: number;
}

/** A last frame of which nothing else is known. */
const GUESS_SECONDS = 1 / 30;

/**
 * Gives the samples of one epoch their times and durations. A duration is the difference of decode times, because FLV knows
 * nothing else (ISO/IEC 14496-12 §8.8.12: tfdt is the sum of the durations before).
 *
 * Sound has an exact grid (an AAC frame is 1024 samples) which FLV's milliseconds blur. A frame within half a frame of where the
 * grid expects it takes the grid's time: rounding and the jitter of encoders are less, while a lost frame is more and shows at
 * once. Beyond that the grid begins anew at the measured time and the frame before is stretched or shortened by the difference.
 *
 * `origin`: output ticks of the epoch's zero. `shift`: source ticks of composition offset taken from every picture and put on
 * its decode time, so that presentation and decode time of the first picture agree and signed offsets do the rest (CMAF §7.5.17).
 */
export function makeFrameClock(track: Track, origin: number, shift: number): FrameClock {
  const timescale = outputTimescale(track);
  const scale = timescale / track.timescale;
  const grid = track.kind === "audio" && track.frameTicks !== null ? track.frameTicks * scale : null;
  let waiting: Waiting | null = null;
  let expected: number | null = null;
  let lastDuration = grid ?? Math.round(timescale * GUESS_SECONDS);

  function timeOf(sample: Sample): number {
    const measured = Math.max(0, Math.round(origin + (sample.dts + shift) * scale));
    if (grid !== null && expected !== null && Math.abs(measured - expected) <= grid / 2) return Math.round(expected);
    return measured;
  }

  function frame({ sample, time }: Waiting, duration: number): Frame {
    const { cts, isSync, data } = sample;
    return { time, duration, cts: Math.round((cts - shift) * scale), isSync: isSync || track.kind === "audio", data };
  }

  return {
    get nextTime() {
      return waiting?.time ?? origin;
    },
    push(sample) {
      let time = timeOf(sample);
      let done: Frame | null = null;
      if (waiting !== null) {
        // Decode times that do not grow are an encoder's mistake within the tolerance of an epoch: the least step that counts.
        if (time <= waiting.time) time = waiting.time + 1;
        lastDuration = time - waiting.time;
        done = frame(waiting, lastDuration);
      }
      waiting = { sample, time };
      expected = grid === null ? null : time + grid;
      return done;
    },
    flush() {
      const done = waiting === null ? null : frame(waiting, grid === null ? lastDuration : Math.round(grid));
      waiting = null;
      return done;
    },
  };
}

import { type Milliseconds, ms, type Seconds } from "../bytes/units.ts";
import { type EpochPackager, makeEpochPackager } from "./epoch-packager.ts";
import { outputTimescale } from "./frame-clock.ts";
import { initSegment } from "./init-segment.ts";
import { makePartTarget } from "./part-target.ts";
import type { EpochInfo, PackagerSink } from "./segment.ts";
import type { PartCounter } from "./segment-builder.ts";
import { makeTargetDuration } from "./target-duration.ts";
import type { Sample, Track } from "./track.ts";

export interface PackagerOptions {
  /** Of the first segment. Larger than any number this channel ever gave (HLS §6.2.2). */
  readonly firstNumber: number;
  /** Discontinuity sequence number of the first epoch; the same rule. */
  readonly firstEpoch: number;
  /** How long parts should be, about: PART-TARGET is chosen by the length of frames. */
  readonly partTarget: Seconds;
  /** Whether the sink is told of parts before their segments are whole; what it was told of is not taken back. */
  readonly showsParts: boolean;
  /** Unix time of the timeline's zero: each part then says when it was (`prft`). */
  readonly clock?: Milliseconds;
}

/**
 * Samples of one broadcast in, segments out. A value without clock or I/O: the same calls give the same bytes.
 * Epochs follow one another on one timeline and never overlap.
 */
export interface Packager {
  /** `startsAt`: where its zero lies on the broadcast's timeline, if the epoch before has ended by then. */
  beginEpoch(tracks: readonly Track[], startsAt: Milliseconds): void;
  push(track: number, sample: Sample): void;
  endEpoch(): void;
  /**
   * Forgets the growing segment if it begins with the frame at `fromMs` of the epoch, as if those samples had not come; false
   * (and nothing forgotten) when it begins elsewhere. The epoch must end next.
   */
  takeBack(fromMs: Milliseconds): boolean;
}

export function makePackager(options: PackagerOptions, sink: PackagerSink): Packager {
  const { showsParts, clock = null } = options;
  const target = makeTargetDuration(sink);
  const partTarget = makePartTarget(options.partTarget, (chosen) => sink.onPartTarget(chosen));
  /** Renditions that ever were: an epoch without one of them has gaps there. */
  const renditions = new Map<string, number>();
  const counters = new Map<string, PartCounter>();
  let epoch: EpochPackager | null = null;
  let nextNumber = options.firstNumber;
  let nextEpoch = options.firstEpoch;
  /** Where the last epoch ended. */
  let end = ms(0);

  function endEpoch(): void {
    if (epoch === null) return;
    const done = epoch;
    epoch = null;
    done.end();
    nextNumber = done.nextNumber;
    // An epoch that nothing was published of leaves no trace, so that numbers and EXT-X-DISCONTINUITY tags agree.
    if (done.hasPublished) {
      nextEpoch++;
      end = ms(Math.ceil(done.endSeconds * 1000));
    }
  }

  return {
    beginEpoch(tracks, startsAt) {
      endEpoch();
      const info: EpochInfo = {
        number: nextEpoch,
        isFirst: nextEpoch === options.firstEpoch,
        firstNumber: nextNumber,
        startsAt: ms(Math.max(startsAt, end)),
        tracks: tracks.map((track) => {
          const timescale = outputTimescale(track);
          return { rendition: track.rendition ?? track.kind, track, timescale, init: initSegment(track, timescale) };
        }),
      };
      for (const { rendition, timescale } of info.tracks) {
        renditions.set(rendition, timescale);
        if (!counters.has(rendition)) counters.set(rendition, { next: 0 });
      }
      epoch = makeEpochPackager({ info, clock, partTarget, showsParts, target, renditions, counters }, sink);
    },
    push(track, sample) {
      epoch?.push(track, sample);
    },
    endEpoch,
    takeBack(fromMs) {
      return epoch?.takeBack(fromMs) ?? false;
    },
  };
}

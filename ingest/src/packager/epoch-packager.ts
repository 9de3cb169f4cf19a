import { type Milliseconds, ms } from "../bytes/units.ts";
import type { Frame } from "./frame.ts";
import { type FrameClock, makeFrameClock } from "./frame-clock.ts";
import { TRACK_ID } from "./init-segment.ts";
import type { PartTarget } from "./part-target.ts";
import type { EpochInfo, EpochTrack, PackagerSink } from "./segment.ts";
import { makeSegmentBuilder, type PartCounter, type SegmentBuilder } from "./segment-builder.ts";
import type { TargetDuration } from "./target-duration.ts";
import type { Sample } from "./track.ts";

export interface EpochOptions {
  readonly info: EpochInfo;
  readonly partTarget: PartTarget;
  /** Unix time of the timeline's zero, for what says which moment of the clock the media was; null: nothing does. */
  readonly clock: Milliseconds | null;
  /** Parts are told as they are made, not only within their segments. */
  readonly showsParts: boolean;
  readonly target: TargetDuration;
  /** Timescale by name of every rendition of the broadcast. */
  readonly renditions: ReadonlyMap<string, number>;
  /** Of the epoch's renditions, shared with the epochs before and after. */
  readonly counters: ReadonlyMap<string, PartCounter>;
}

/**
 * Cuts one epoch. The first picture (or sound where there is none) leads: it decides where segments end, and the other tracks
 * follow at the same moments, so that all renditions have the same numbers.
 */
export interface EpochPackager {
  push(track: number, sample: Sample): void;
  end(): void;
  takeBack(fromMs: Milliseconds): boolean;
  readonly nextNumber: number;
  readonly hasPublished: boolean;
  readonly endSeconds: number;
}

/** A cut of the leader that a follower has not reached. */
interface Cut {
  readonly number: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

interface Lane {
  readonly index: number;
  readonly name: string;
  readonly timescale: number;
  readonly source: EpochTrack;
  readonly builder: SegmentBuilder;
  clock: FrameClock | null;
  /** Composition offset of a picture's first frame, by which its frames are decoded later than the encoder says. */
  shift: number;
  /** Samples that the leader has not passed yet. */
  queue: Sample[];
  cuts: Cut[];
}

/** The first segment of all is as short as its GOP, but not shorter than this. */
const LEAST_FIRST_SECONDS = 0.5;
/** Close enough to the target to end a segment of several short GOPs. */
const NEARLY_SECONDS = 0.1;
/** Longest audio frame where the codec does not fix it (Opus: 120 ms): a follower overshoots the leader's cut by less than a frame and a half. */
const UNKNOWN_FRAME_SECONDS = 0.12;
const SOUND_SECONDS = 2;
const ROUNDING = 1e-6;

export function makeEpochPackager(options: EpochOptions, sink: PackagerSink): EpochPackager {
  const { info, target, clock } = options;
  const lanes = info.tracks.map(makeLane);
  const leader = lanes.find((lane) => lane.source.track.kind === "video") ?? lanes[0]!;
  const followers = lanes.filter((lane) => lane !== leader);
  const origin = info.startsAt / 1000;
  // A frame of sound that begins before the cut, and half of one by which its place on the grid may be later than where it arrived.
  // Other pictures of the same source have keyframes at its cuts.
  const sounds = followers.filter((lane) => lane.source.track.kind === "audio");
  const overshoot = Math.max(0, ...sounds.map((lane) => 1.5 * frameSeconds(lane)));

  let number = info.firstNumber;
  let hasPublished = false;
  let endSeconds = origin;
  /** Leader's ticks. */
  let lastSync: number | null = null;
  /** Composition shift of the epoch and decode time of its first frame, in seconds of the source. */
  let shiftSeconds = 0;
  let leaderZero = 0;
  /** Of the leader's growing segment: the source time of its first frame. */
  let openSourceMs: number | null = null;
  /** The same of the sample that waits for its duration. */
  let pendingSourceMs: number | null = null;
  let isTakenBack = false;

  const limit = (): number => target.limit - overshoot;

  function makeLane(source: EpochTrack, index: number): Lane {
    const { rendition: name, timescale, track } = source;
    const ticksOfPart = (): number | null => {
      const { seconds } = options.partTarget;
      return seconds === null ? null : Math.floor(seconds * timescale);
    };
    const builder = makeSegmentBuilder({
      trackId: TRACK_ID[track.kind],
      timescale,
      partTarget: ticksOfPart,
      cutsAtSync: track.kind === "video",
      counter: options.counters.get(name)!,
      clockOf: clock === null ? null : (time) => ms(clock + (time * 1000) / timescale),
      onPart(part) {
        if (!options.showsParts) return;
        hasPublished = true;
        sink.onPart(name, part, { number: lane.cuts[0]?.number ?? number, epoch: info, timescale });
      },
    });
    const lane: Lane = { index, name, timescale, source, builder, clock: null, shift: 0, queue: [], cuts: [] };
    return lane;
  }

  /** The leader's first frame is presented at the epoch's origin; the others keep their distance to it. */
  function startClock(lane: Lane, first: Sample): FrameClock {
    const { track } = lane.source;
    if (lane !== leader) {
      lane.shift = track.kind === "video" ? first.cts : 0;
      return makeFrameClock(track, (origin - leaderZero - shiftSeconds) * lane.timescale, lane.shift);
    }
    leaderZero = first.dts / track.timescale;
    shiftSeconds = first.cts / track.timescale;
    return makeFrameClock(track, (origin - leaderZero - shiftSeconds) * lane.timescale, first.cts);
  }

  function add(lane: Lane, frame: Frame): void {
    // Another encoder's picture, whose keyframes lie elsewhere.
    const isPicture = lane !== leader && lane.source.track.kind === "video";
    if (isPicture && lane.builder.isEmpty && !frame.isSync) sink.onDependentCut();
    lane.builder.add(frame);
    sink.onFrame?.(lane.name, frame, info);
  }

  // Leader.

  function lead(sample: Sample): void {
    leader.clock ??= startClock(leader, sample);
    const done = leader.clock.push(sample);
    if (done !== null) addLeading(done);
    pendingSourceMs = (sample.dts * 1000) / leader.source.track.timescale;
    if (leader.source.track.kind === "video") {
      if (sample.isSync) onSync(leader.clock.nextTime);
    } else {
      onSound(leader.clock.nextTime);
    }
    for (const lane of followers) follow(lane, leader.clock.nextTime / leader.timescale);
  }

  function addLeading(frame: Frame): void {
    const { builder, timescale } = leader;
    if (!builder.isEmpty && (builder.duration + frame.duration) / timescale > limit()) {
      // The encoder stretched its GOP: EXTINF must not round above the target, so the segment ends between keyframes.
      if (!frame.isSync) sink.onDependentCut();
      cut();
    }
    if (builder.isEmpty) openSourceMs = pendingSourceMs;
    add(leader, frame);
  }

  /** A keyframe is about to come: the segment may end before it. */
  function onSync(time: number): void {
    const { builder, timescale } = leader;
    const gop = lastSync === null ? 0 : (time - lastSync) / timescale;
    const seconds = builder.duration / timescale;
    lastSync = time;
    if (builder.isEmpty) return;
    if (target.seconds === null) {
      if (seconds < LEAST_FIRST_SECONDS) return;
      freeze(gop);
      cut();
    } else if (seconds >= target.seconds - NEARLY_SECONDS || seconds + gop > limit()) {
      cut();
    }
  }

  /** Sound alone: every frame is a place to cut, and half a frame early or late does not matter. */
  function onSound(time: number): void {
    const { builder, timescale } = leader;
    if (builder.isEmpty) return;
    if ((time - builder.start) / timescale + frameSeconds(leader) / 2 >= SOUND_SECONDS) cut();
  }

  /** The first segment is about to end: what is promised for the whole broadcast. */
  function freeze(gopSeconds: number): void {
    const { builder, timescale } = leader;
    target.freeze(gopSeconds);
    options.partTarget.freeze(builder.duration / timescale / builder.frames);
  }

  function cut(): void {
    const { builder, timescale } = leader;
    if (target.seconds === null) freeze(builder.duration / timescale);
    const startSeconds = builder.start / timescale;
    const stop = (builder.start + builder.duration) / timescale;
    const segment = builder.close(number, info);
    publish(leader, segment.time + segment.duration);
    sink.onSegment(leader.name, segment);
    const made: Cut = { number, startSeconds, endSeconds: stop };
    for (const lane of followers) lane.cuts.push(made);
    for (const [name, scale] of options.renditions) {
      if (!lanes.some((lane) => lane.name === name)) gap(name, scale, made);
    }
    number++;
  }

  function publish(lane: Lane, end: number): void {
    hasPublished = true;
    endSeconds = Math.max(endSeconds, end / lane.timescale);
  }

  function gap(name: string, timescale: number, { number: at, startSeconds, endSeconds: stop }: Cut): void {
    const time = Math.round(startSeconds * timescale);
    const duration = Math.round(stop * timescale) - time;
    sink.onSegment(name, { kind: "gap", number: at, epoch: info, timescale, time, duration });
  }

  // Followers.

  /** Hands on the samples that lie before the leader's newest frame: for those every cut is known. */
  function follow(lane: Lane, horizon: number): void {
    let taken = 0;
    for (const sample of lane.queue) {
      const isPicture = lane.source.track.kind === "video";
      const shift = lane.clock === null && isPicture ? sample.cts : lane.shift;
      const seconds = origin - shiftSeconds - leaderZero + (sample.dts + shift) / lane.source.track.timescale;
      if (seconds >= horizon) break;
      taken++;
      // Sound from before the first picture: the epoch before may still be sounding there.
      if (lane.clock === null && (seconds < origin - ROUNDING || !sample.isSync)) continue;
      lane.clock ??= startClock(lane, sample);
      const done = lane.clock.push(sample);
      if (done !== null) addFollowing(lane, done);
      closePassed(lane, lane.clock.nextTime);
    }
    if (taken > 0) lane.queue.splice(0, taken);
  }

  /** A picture that is shown over the whole of the next segment: it begins that, so that none is empty. */
  function beginsNext({ builder, cuts, source, timescale }: Lane, { time, duration }: Frame): boolean {
    const next = cuts[1];
    if (next === undefined || builder.isEmpty || source.track.kind !== "video") return false;
    return time + duration >= Math.floor(next.endSeconds * timescale);
  }

  function addFollowing(lane: Lane, frame: Frame): void {
    if (beginsNext(lane, frame)) closeFollowing(lane);
    let rest = frame;
    // A hole in the sound that reaches over a cut: the frame before it is repeated there, so that no segment is too long and
    // none is empty.
    for (;;) {
      const stop = lane.cuts[0] && Math.ceil(lane.cuts[0].endSeconds * lane.timescale);
      if (stop === undefined || rest.time >= stop || rest.time + rest.duration <= stop + frameTicks(lane)) break;
      const left = stop - rest.time;
      add(lane, { ...rest, duration: left });
      rest = { ...rest, time: stop, duration: rest.duration - left };
      closePassed(lane, stop);
    }
    add(lane, rest);
  }

  /** Ends the follower's segments that lie before `time`. */
  function closePassed(lane: Lane, time: number): void {
    while (lane.cuts.length > 0 && time / lane.timescale >= lane.cuts[0]!.endSeconds) closeFollowing(lane);
  }

  function closeFollowing(lane: Lane): void {
    const made = lane.cuts[0]!;
    if (lane.builder.isEmpty) {
      lane.cuts.shift();
      gap(lane.name, lane.timescale, made);
    } else {
      const segment = lane.builder.close(made.number, info);
      lane.cuts.shift();
      publish(lane, segment.time + segment.duration);
      sink.onSegment(lane.name, segment);
    }
  }

  return {
    get nextNumber() {
      return number;
    },
    get hasPublished() {
      return hasPublished;
    },
    get endSeconds() {
      return endSeconds;
    },
    push(index, sample) {
      const lane = lanes[index];
      if (lane === undefined) return;
      if (lane === leader) lead(sample);
      else {
        lane.queue.push(sample);
        if (leader.clock !== null) follow(lane, leader.clock.nextTime / leader.timescale);
      }
    },
    end() {
      const open = leader.builder.isEmpty ? (leader.clock?.nextTime ?? 0) : leader.builder.start;
      const horizon = open / leader.timescale;
      if (!isTakenBack) {
        const done = leader.clock?.flush() ?? null;
        if (done !== null) addLeading(done);
        if (!leader.builder.isEmpty) cut();
      }
      for (const lane of followers) {
        follow(lane, isTakenBack ? horizon : (lane.cuts.at(-1)?.endSeconds ?? 0));
        const done = lane.clock?.flush() ?? null;
        if (done !== null && lane.cuts.length > 0) addFollowing(lane, done);
        while (lane.cuts.length > 0) closeFollowing(lane);
        lane.builder.discard();
      }
    },
    takeBack(fromMs) {
      const open = leader.builder.isEmpty ? pendingSourceMs : openSourceMs;
      if (open === null || Math.abs(open - fromMs) > 1) return false;
      // What was handed out as parts is never handed out again in another form.
      if (options.showsParts && lanes.some(({ builder, cuts }) => builder.hasParts && cuts.length === 0)) return false;
      isTakenBack = true;
      return true;
    },
  };

  function frameTicks(lane: Lane): number {
    const { track } = lane.source;
    const known = track.kind === "audio" ? track.frameTicks : null;
    return known === null ? UNKNOWN_FRAME_SECONDS * lane.timescale : (known * lane.timescale) / track.timescale;
  }

  function frameSeconds(lane: Lane): number {
    return frameTicks(lane) / lane.timescale;
  }
}

import type { Milliseconds } from "../bytes/units.ts";
import { keepTag, type MediaTag } from "../live/media-tag.ts";
import { readAnnounced } from "./announced.ts";
import { makeColourTags } from "./colour-tags.ts";
import { isOwnHead, sameHead } from "./heads.ts";
import type { EpochPlan } from "./remuxer.ts";
import { makeSidePictures } from "./side-pictures.ts";

/*
 * Cuts a publisher's tags into epochs: ranges with constant decoder configurations, the same tracks and continuous timestamps.
 *
 *   state        on                                                            to
 *   discovering  every wanted track is there and a keyframe (if there is       running, `start` with the tags kept
 *                video), or the wait is over
 *   running      another decoder configuration, a track that appears or        discovering, `end`
 *                stays away, a timestamp that jumps, `restart()`,
 *                `interrupt()`, a keyframe after `renew()` or after other colours
 */

export interface SplitterOptions {
  /** A step back, or forward, of one track's timestamps beyond these is a jump. Less is jitter of the encoder's clock. */
  readonly backwardMs: number;
  readonly forwardMs: number;
  /** A track that the other one runs ahead of by this much is lost. */
  readonly lostMs: number;
  /** How much media to wait for tracks that nobody promised, and for promised ones. */
  readonly unannouncedWaitMs: number;
  readonly announcedWaitMs: number;
  /** How long to wait for a keyframe while pictures come that can't be decoded yet. */
  readonly keyframeWaitMs: number;
  /** Bytes kept while waiting. */
  readonly maxPendingBytes: number;
}

export const DEFAULT_SPLITTER_OPTIONS: SplitterOptions = {
  backwardMs: 250,
  forwardMs: 2_000,
  lostMs: 2_500,
  unannouncedWaitMs: 1_000,
  announcedWaitMs: 2_000,
  keyframeWaitMs: 12_000,
  maxPendingBytes: 16 * 1024 * 1024,
};

/** Why an epoch began. `jump`: its timestamps say nothing about where it stands relative to the one before. */
export type EpochCause = "first" | "config" | "tracks" | "jump" | "restart";

export interface SplitterSink {
  /** A new epoch; its tags follow. `arrivedAt`: when its first frame came. */
  onStart(plan: EpochPlan, cause: EpochCause, arrivedAt: Milliseconds): void;
  onFrame(tag: MediaTag): void;
  /** The epoch is over; nothing belongs to it any more. */
  onStop(): void;
  onDrop(tag: MediaTag): void;
}

export type Kind = "audio" | "video";

export interface EpochSplitter {
  push(tag: MediaTag, now: Milliseconds): void;
  /**
   * Ends the epoch in progress; the next begins at a keyframe. `after`: frames up to this publisher's timestamp were delivered
   * already and are left out.
   */
  restart(after: Milliseconds | null): void;
  /** The next keyframe begins another epoch; until then this one goes on. */
  renew(): void;
  /** Ends the epoch in progress: what comes next is from another publisher, with configurations of its own. */
  interrupt(): void;
  readonly tracks: ReadonlySet<Kind>;
}

interface Pending {
  readonly tag: MediaTag;
  readonly arrivedAt: Milliseconds;
}

/** How far before the first picture sound may begin and still be handed on: the packager trims it to the frame. */
const EARLY_SOUND_MS = 100;
/** Sound kept while there is no picture yet. */
const MAX_SOUND_MS = 2_500;
/** Tags further apart than this are from both sides of a jump. */
const MAX_PENDING_MS = 4_000;
/** A broadcast replays at most one GOP. */
const MAX_REPLAY_MS = 20_000;

export function makeEpochSplitter(sink: SplitterSink, options = DEFAULT_SPLITTER_OPTIONS): EpochSplitter {
  let cause: EpochCause = "first";
  let isRunning = false;
  /** The next keyframe begins an epoch. */
  let isRenewing = false;
  let announced: ReadonlySet<Kind> | null = null;
  /** The tracks of the epoch, or while discovering those of the one before. */
  let tracks: ReadonlySet<Kind> = new Set();
  let wanted: ReadonlySet<Kind> | null = null;
  let after: Milliseconds | null = null;
  let pending: Pending[] = [];
  let pendingBytes = 0;
  /** Timestamps of the first frame waited with, and of the last picture that could not be decoded. */
  let waitingSince: Milliseconds | null = null;
  let pictureAt: Milliseconds | null = null;
  const heads = new Map<Kind, MediaTag>();
  const last = new Map<Kind, Milliseconds>();
  const sides = makeSidePictures();
  const colours = makeColourTags();

  function discover(why: EpochCause, expected: ReadonlySet<Kind> | null): void {
    if (isRunning) sink.onStop();
    isRunning = false;
    isRenewing = false;
    sides.end();
    cause = why;
    wanted = expected;
    last.clear();
    waitingSince = null;
    pictureAt = null;
    forget();
  }

  function forget(): void {
    for (const { tag } of pending) sink.onDrop(tag);
    pending = [];
    pendingBytes = 0;
  }

  function onConfig(tag: MediaTag, kind: Kind): void {
    const known = heads.get(kind);
    const isSame = known !== undefined && sameHead(known, tag);
    heads.set(kind, isSame ? known : keepTag(tag));
    if (!isRunning) {
      // What came before belongs to the old configuration.
      if (!isSame && pending.some((each) => each.tag.kind === kind)) forget();
    } else if (!tracks.has(kind)) {
      discover("tracks", new Set([...tracks, kind]));
    } else if (!isSame) {
      discover("config", tracks);
    }
  }

  /** Whether a frame was delivered by the epoch before a restart. The replay is in order, so a step back means a new clock. */
  function isDelivered(tag: MediaTag, until: Milliseconds): boolean {
    const previous = last.get(tag.kind as Kind);
    const isJump = tag.timestamp < until - MAX_REPLAY_MS || tag.timestamp < (previous ?? 0) - options.backwardMs;
    last.set(tag.kind as Kind, tag.timestamp);
    if (!isJump) return tag.timestamp <= until;
    after = null;
    cause = "jump";
    return false;
  }

  /** A frame while discovering. */
  function keep(tag: MediaTag, arrivedAt: Milliseconds): void {
    if (after !== null && isDelivered(tag, after)) {
      sink.onDrop(tag);
      return;
    }
    const head = pending[0]?.tag;
    const isFar = head !== undefined && Math.abs(tag.timestamp - head.timestamp) > MAX_PENDING_MS;
    if (isFar || pendingBytes + tag.payload.length > options.maxPendingBytes) forget();
    if (waitingSince === null || isFar) waitingSince = tag.timestamp;
    const isUndecodable = tag.kind === "video" && !tag.isKeyframe && !hasKeyframe();
    if (tag.kind === "video") pictureAt = tag.timestamp;
    if (isUndecodable) {
      sink.onDrop(tag);
    } else {
      pending.push({ tag: keepTag(tag), arrivedAt });
      pendingBytes += tag.payload.length;
    }
    if (!hasKeyframe()) prune(tag.timestamp);
    begin(tag.timestamp);
  }

  /** Sound from long before the first picture is of no use. */
  function prune(newest: Milliseconds): void {
    while (pending.length > 0 && newest - pending[0]!.tag.timestamp > MAX_SOUND_MS) {
      const { tag } = pending.shift()!;
      pendingBytes -= tag.payload.length;
      sink.onDrop(tag);
    }
  }

  const indexOf = (kind: Kind): number => pending.findIndex(({ tag }) => tag.kind === kind && tag.trackId === 0);
  const hasKeyframe = (): boolean => indexOf("video") >= 0;

  function waitMs(wants: ReadonlySet<Kind> | null, newest: Milliseconds): number {
    const hasPictures = pictureAt !== null && newest - pictureAt < options.lostMs;
    if (hasPictures && !hasKeyframe()) return options.keyframeWaitMs;
    return wants === null ? options.unannouncedWaitMs : options.announcedWaitMs;
  }

  /** Starts the epoch when what it needs is there. */
  function begin(newest: Milliseconds): void {
    const wants = wanted ?? announced;
    const has = (kind: Kind): boolean => heads.has(kind) && (kind !== "video" || hasKeyframe());
    const isComplete = wants === null ? has("audio") && has("video") : [...wants].every(has);
    if (!isComplete && newest - waitingSince! < waitMs(wants, newest)) return;
    const chosen: Kind[] = [];
    if (has("video")) chosen.push("video");
    if (has("audio") && (isComplete ? wants === null || wants.has("audio") : indexOf("audio") >= 0))
      chosen.push("audio");
    const from = chosen[0] === undefined ? -1 : indexOf(chosen[0]);
    const start = pending[from];
    if (start === undefined) return;
    const base = start.tag.timestamp;
    tracks = new Set(chosen);
    isRunning = true;
    after = null;
    last.clear();
    for (const kind of chosen) last.set(kind, base);
    const planned = chosen.map((kind) => heads.get(kind)!);
    if (chosen[0] === "video") planned.splice(1, 0, ...sides.begin());
    sink.onStart({ heads: planned, base, colours: colours.all() }, cause, start.arrivedAt);
    const flush = pending;
    pending = [];
    pendingBytes = 0;
    for (const { tag, arrivedAt } of flush) {
      if (tag.trackId !== 0) {
        if (!isRunning) keepSide(tag, arrivedAt);
        else if (tag.timestamp >= base) onSide(tag);
        else sink.onDrop(tag);
        continue;
      }
      const isOurs = tracks.has(tag.kind as Kind) && (tag.kind === chosen[0] || tag.timestamp >= base - EARLY_SOUND_MS);
      if (!isRunning) keep(tag, arrivedAt);
      // A tag from the other side of a jump: what comes after it will tell.
      else if (isOurs && !isJump(tag)) onFrame(tag, tag.kind as Kind, arrivedAt);
      else sink.onDrop(tag);
    }
  }

  /** Another picture's frame while discovering: it waits for the first track, which decides. */
  function keepSide(tag: MediaTag, arrivedAt: Milliseconds): void {
    const isDone = after !== null && tag.timestamp <= after;
    if (isDone || pending.length === 0 || pendingBytes + tag.payload.length > options.maxPendingBytes) {
      sink.onDrop(tag);
      return;
    }
    pending.push({ tag: keepTag(tag), arrivedAt });
    pendingBytes += tag.payload.length;
  }

  /** Another picture's frame of the epoch: it lies where the first track's frames do. */
  function onSide(tag: MediaTag): void {
    const isNear = Math.abs(tag.timestamp - last.get("video")!) <= options.forwardMs;
    if (isNear && sides.takes(tag)) sink.onFrame(tag);
    else sink.onDrop(tag);
  }

  function pushSide(tag: MediaTag, now: Milliseconds): void {
    if (tag.kind !== "video") return;
    if (!tag.isConfig) {
      if (isRunning) onSide(tag);
      else keepSide(tag, now);
    } else if (sides.configure(tag)) isRenewing = isRunning;
  }

  function isJump(tag: MediaTag): boolean {
    const step = tag.timestamp - last.get(tag.kind as Kind)!;
    return step < -options.backwardMs || step > options.forwardMs;
  }

  /** A frame of an epoch's track. */
  function onFrame(tag: MediaTag, kind: Kind, now: Milliseconds): void {
    if (isJump(tag)) {
      discover("jump", tracks);
      keep(tag, now);
      return;
    }
    if (tag.timestamp > last.get(kind)!) last.set(kind, tag.timestamp);
    sink.onFrame(tag);
    for (const other of tracks) {
      if (tag.timestamp - last.get(other)! > options.lostMs) {
        discover("tracks", new Set([...tracks].filter((each) => each !== other)));
        return;
      }
    }
  }

  return {
    get tracks() {
      return tracks;
    },
    restart(until) {
      discover("restart", isRunning || wanted !== null ? tracks : null);
      after = until;
    },
    renew() {
      isRenewing = isRunning;
    },
    interrupt() {
      discover("jump", null);
      after = null;
      announced = null;
      heads.clear();
      sides.forget();
      colours.forget();
    },
    push(tag, now) {
      if (tag.kind === "script") {
        const promise = readAnnounced(tag.payload);
        if (promise !== null) announced = new Set(kindsOf(promise));
        return;
      }
      if (tag.isControl) {
        if (colours.take(tag)) isRenewing = isRunning;
        return;
      }
      if (tag.trackId !== 0) {
        pushSide(tag, now);
        return;
      }
      const { kind } = tag;
      if (tag.isConfig || isOwnHead(tag)) onConfig(tag, kind);
      if (tag.isConfig) return;
      // Without a configuration, or with another codec's: an encoder that changed its mind sends that first.
      if (heads.get(kind)?.codec !== tag.codec) {
        sink.onDrop(tag);
        return;
      }
      if (isRunning && isRenewing && tag.isKeyframe && !isJump(tag)) {
        discover("config", tracks);
        keep(tag, now);
        return;
      }
      if (isRunning && tracks.has(kind)) {
        onFrame(tag, kind, now);
        return;
      }
      if (isRunning) {
        // A track that was lost or came too late: it joins at its first frame that can be decoded.
        if (kind === "video" && !tag.isKeyframe) return;
        discover("tracks", new Set([...tracks, kind]));
      }
      keep(tag, now);
    },
  };
}

function kindsOf(promise: { readonly audio: boolean; readonly video: boolean }): Kind[] {
  return [...(promise.video ? ["video" as const] : []), ...(promise.audio ? ["audio" as const] : [])];
}

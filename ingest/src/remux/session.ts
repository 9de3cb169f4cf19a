import { type Milliseconds, ms } from "../bytes/units.ts";
import { keepTag, type MediaTag } from "../live/media-tag.ts";
import type { Track } from "../packager/track.ts";
import { type EpochCause, makeEpochSplitter } from "./epoch-splitter.ts";
import type { EpochPlan, RemuxEnd, Remuxer } from "./remuxer.ts";
import { DEFAULT_SESSION_LIMITS, type RemuxCounters, type RemuxSessionOptions } from "./session-options.ts";

export interface RemuxSession {
  readonly counters: Readonly<RemuxCounters>;
  /** Lets the remuxer give out what it holds; `onEnd` comes when it has. */
  stop(): void;
}

interface Epoch {
  readonly plan: EpochPlan;
  readonly startsAt: Milliseconds;
  /** Nothing is fed to it any more. */
  isStopped: boolean;
}

interface Running extends Epoch {
  readonly remuxer: Remuxer;
  readonly spawnedAt: Milliseconds;
  tracks: readonly Track[];
  /** Publisher's time of the newest sample that came out. */
  deliveredTo: Milliseconds;
  deliveredAt: Milliseconds;
}

interface Waiting extends Epoch {
  readonly tags: MediaTag[];
  bytes: number;
}

/** The publisher's clock may drift this far from ours before an epoch is placed by its arrival again. */
const MAX_DRIFT_MS = 1_000;

/** Remuxes one broadcast, epoch by epoch, from now to its end. */
export function startRemuxSession(options: RemuxSessionOptions): RemuxSession {
  const { broadcast, sink, now, log } = options;
  const limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
  const counters: RemuxCounters = { epochs: 0, restarts: 0, overflows: 0, droppedTags: 0 };
  let running: Running | null = null;
  /** The epoch after the running one, while that gives out its last samples. */
  let waiting: Waiting | null = null;
  /** The last epoch's remuxer died and its end was not told yet: something may be taken back. */
  let died: Running | null = null;
  let unsubscribe: (() => void) | null = null;
  let isOver = false;
  let hasEnded = false;
  let failure: string | null = null;
  let failures = 0;
  let lastSpawn = Number.NEGATIVE_INFINITY;
  let timer: Timer | null = null;
  /** Set while the next remuxer waits for its turn: gives that up. */
  let giveUpTurn: (() => void) | null = null;
  /** A moment of the publisher's clock, and where it lies on the broadcast's timeline. */
  let anchor: { readonly source: Milliseconds; readonly at: Milliseconds } | null = null;

  const splitter = makeEpochSplitter(
    {
      onStart(plan, cause, arrivedAt) {
        const startsAt = place(plan.base, cause, ms(Math.max(0, arrivedAt - broadcast.startedAt)));
        if (waiting !== null) counters.droppedTags += waiting.tags.length;
        waiting = { plan, startsAt, isStopped: false, tags: [], bytes: 0 };
        log("remux.epoch", { cause, codecs: plan.heads.map((head) => head.codec), startsAt });
        runWaiting();
      },
      onFrame(tag) {
        if (waiting !== null) hold(waiting, tag);
        else if (running !== null) feed(running, tag);
      },
      onStop() {
        if (waiting !== null) waiting.isStopped = true;
        else if (running !== null) stopFeeding(running);
      },
      onDrop() {
        counters.droppedTags++;
      },
    },
    options.splitter,
  );

  /** The publisher's clock goes on where it is continuous and agrees with ours; else a frame lies where it arrived. */
  function place(base: Milliseconds, cause: EpochCause, arrival: Milliseconds): Milliseconds {
    if (anchor !== null && cause !== "jump") {
      const continued = ms(anchor.at + base - anchor.source);
      if (cause === "restart" || Math.abs(continued - arrival) < MAX_DRIFT_MS) return continued;
    }
    anchor = { source: base, at: arrival };
    return arrival;
  }

  function after(delay: number, action: () => void): void {
    timer = setTimeout(() => {
      timer = null;
      action();
    }, delay);
  }

  /** Starts the next epoch's remuxer, once the one before is done and its turn has come. */
  function runWaiting(): void {
    if (waiting === null || running !== null || timer !== null) return;
    const delay = lastSpawn + limits.minEpochMs - now();
    if (delay > 0) {
      after(delay, runWaiting);
      return;
    }
    const pace = options.paceOf?.(waiting.plan) ?? null;
    if (pace === null || isOver) startWaiting();
    else if (giveUpTurn === null) {
      let isHere = false;
      const giveUp = pace.inTurn(() => {
        isHere = true;
        giveUpTurn = null;
        startWaiting();
      });
      if (!isHere) giveUpTurn = giveUp;
    }
  }

  function startWaiting(): void {
    if (waiting === null || running !== null || timer !== null) return;
    const next = waiting;
    waiting = null;
    const started = spawn(next);
    if (started === null) return;
    for (const tag of next.tags) feed(started, tag);
    if (next.isStopped || isOver) stopFeeding(started);
  }

  function spawn({ plan, startsAt }: Waiting): Running | null {
    lastSpawn = now();
    let self: Running | null = null;
    try {
      const remuxer = options.makeRemuxer(
        plan,
        {
          onTracks(tracks) {
            if (self === null) return;
            self.tracks = tracks;
            counters.epochs++;
            sink.onEpoch(tracks, startsAt);
          },
          onSample(track, sample) {
            if (self === null) return;
            const at = plan.base + Math.round((sample.dts * 1000) / self.tracks[track]!.timescale);
            if (at > self.deliveredTo) self.deliveredTo = ms(at);
            self.deliveredAt = now();
            sink.onSample(track, sample);
          },
          onRenew() {
            if (self !== null && self === running && !self.isStopped) splitter.renew();
          },
          onEnd(end) {
            if (self !== null) onRemuxEnd(self, end);
          },
        },
        failures,
      );
      const spawnedAt = now();
      self = {
        plan,
        startsAt,
        isStopped: false,
        remuxer,
        spawnedAt,
        tracks: [],
        deliveredTo: ms(plan.base - 1),
        deliveredAt: spawnedAt,
      };
      running = self;
    } catch (error) {
      onFailure(`the remuxer did not start: ${error instanceof Error ? error.message : String(error)}`, "");
    }
    return self;
  }

  function feed(epoch: Running, tag: MediaTag): void {
    if (epoch.isStopped) return;
    epoch.remuxer.push(tag);
    if (tag.timestamp - epoch.deliveredTo > limits.stuckMs && now() - epoch.deliveredAt > limits.stuckMs) {
      epoch.remuxer.kill(`nothing came out for ${limits.stuckMs} ms of media`);
    } else if (epoch.remuxer.queuedBytes > limits.maxQueuedBytes) {
      overflow(tag.timestamp);
    }
  }

  function hold(next: Waiting, tag: MediaTag): void {
    if (next.isStopped) return;
    next.tags.push(keepTag(tag));
    next.bytes += tag.payload.length;
    if (next.bytes <= limits.maxQueuedBytes) return;
    counters.droppedTags += next.tags.length;
    waiting = null;
    overflow(tag.timestamp);
  }

  /** The remuxer can't keep up: what it has is the end of an epoch, and the next begins at the next keyframe. */
  function overflow(at: Milliseconds): void {
    counters.overflows++;
    log("remux.overflow", { at, limit: limits.maxQueuedBytes });
    splitter.restart(at);
  }

  function stopFeeding(epoch: Running): void {
    if (epoch.isStopped) return;
    epoch.isStopped = true;
    epoch.remuxer.end();
  }

  function onRemuxEnd(epoch: Running, end: RemuxEnd): void {
    running = null;
    if (end.kind === "failed") log("remux.failed", { reason: end.reason, diagnosis: end.diagnosis });
    if (end.kind === "failed" && !epoch.isStopped) {
      died = epoch;
      if (now() - epoch.spawnedAt >= limits.healthyMs) failures = 0;
      onFailure(end.reason, end.diagnosis);
      return;
    }
    if (now() - epoch.spawnedAt >= limits.healthyMs) failures = 0;
    if (epoch.tracks.length > 0) sink.onEpochEnd();
    if (waiting !== null) runWaiting();
    else if (isOver) finish();
  }

  function onFailure(reason: string, diagnosis: string): void {
    unsubscribe?.();
    unsubscribe = null;
    waiting = null;
    failures++;
    counters.restarts++;
    if (isOver) {
      finish();
    } else if (failures > limits.maxFailures) {
      failure = `the remuxer failed ${failures} times in a row: ${reason}${diagnosis && ` (${diagnosis})`}`;
      log("remux.gave-up", { failures, reason, diagnosis });
      isOver = true;
      finish();
    } else {
      if (timer !== null) clearTimeout(timer);
      after(Math.min(limits.backoffMs * 2 ** (failures - 1), limits.maxBackoffMs), subscribe);
    }
  }

  function endDied(): void {
    if (died !== null && died.tracks.length > 0) sink.onEpochEnd();
    died = null;
  }

  /** (Re)joins the broadcast: what it replays first decides where the new epoch begins. */
  function subscribe(): void {
    let replay: MediaTag[] | null = [];
    const leave = broadcast.subscribe({
      // Frames are copied where they have to wait; the rest go through.
      keepsNothing: true,
      onTag: (tag) => (replay === null ? onTag(tag) : void replay.push(tag)),
      onAway: splitter.interrupt,
      onEnd: over,
    });
    if (isOver) return;
    unsubscribe = leave;
    if (died !== null) restartAfter(died, replay);
    else if (counters.restarts > 0) splitter.restart(null);
    const first = replay;
    replay = null;
    for (const tag of first) if (!isOver) onTag(tag);
  }

  /** No frame goes out twice: the replayed GOP is taken back where it was not shown yet, else left out. */
  function restartAfter(epoch: Running, replay: readonly MediaTag[]): void {
    const { plan, deliveredTo } = epoch;
    const keyframe = replay.find((tag) => tag.isKeyframe && tag.trackId === 0 && !tag.isConfig);
    const isShown = keyframe !== undefined && keyframe.timestamp <= deliveredTo;
    const isTakenBack = isShown && sink.takeBack(ms(keyframe.timestamp - plan.base));
    endDied();
    splitter.restart(isTakenBack ? ms(keyframe.timestamp - 1) : deliveredTo);
    log("remux.restart", { failures, isTakenBack });
  }

  function onTag(tag: MediaTag): void {
    if (tag.kind !== "script" && tag.trackId === 0 && !tag.isControl) {
      const reason = options.whyNot(tag);
      if (reason !== null) {
        failure = reason;
        log("remux.refused", { codec: tag.codec, reason });
        broadcast.refuse("remux.unsupported-codec", reason);
        over();
        return;
      }
    }
    splitter.push(tag, now());
  }

  /** The broadcast is over, or we are told to stop. */
  function over(): void {
    if (isOver) return;
    isOver = true;
    unsubscribe?.();
    unsubscribe = null;
    if (running !== null) stopFeeding(running);
    else if (waiting !== null) {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      giveUpTurn?.();
      lastSpawn = Number.NEGATIVE_INFINITY;
      runWaiting();
    } else finish();
  }

  function finish(): void {
    if (hasEnded) return;
    hasEnded = true;
    if (timer !== null) clearTimeout(timer);
    giveUpTurn?.();
    endDied();
    sink.onEnd(failure);
  }

  subscribe();
  return { counters, stop: over };
}

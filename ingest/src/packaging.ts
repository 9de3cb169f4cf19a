/** One broadcast from its FLV tags to what viewers ask for: remux, then packager, then delivery. */
import { type Milliseconds, ms } from "./bytes/units.ts";
import type { StartPace } from "./child/start-pace.ts";
import type { Violation } from "./conformance/rule.ts";
import type { Verdict } from "./conformance/verdict.ts";
import { makeWatcher } from "./conformance/watcher.ts";
import type { Delivery } from "./delivery/delivery.ts";
import { makeFrameFeed } from "./delivery/frame-feed.ts";
import type { Broadcast } from "./live/broadcast.ts";
import { LATENCY } from "./live/latency.ts";
import type { RemuxerChoice } from "./live/ports.ts";
import { makePackager } from "./packager/packager.ts";
import { makeSegmentWindow } from "./packager/window.ts";
import type { BroadcastPictures } from "./pictures/broadcast-pictures.ts";
import type { Archive } from "./recording/archive.ts";
import { chooseRemuxer } from "./remux/choose-remuxer.ts";
import type { Ffmpeg } from "./remux/ffmpeg-probe.ts";
import { type LadderLimits, type LadderOptions, type LadderStatus, makeLadder } from "./remux/ladder.ts";
import { startRemuxSession } from "./remux/session.ts";
import type { RemuxCounters, SessionLimits } from "./remux/session-options.ts";

export type PackagingLog = (event: string, details: Readonly<Record<string, unknown>>) => void;

export interface PackagingOptions {
  readonly broadcast: Broadcast;
  readonly ffmpeg: Ffmpeg;
  readonly delivery: Delivery;
  /** Where its segments are stored; null: they are in memory only. */
  readonly archive?: Archive | null;
  /** Null: none are drawn. */
  readonly pictures?: BroadcastPictures | null;
  readonly now?: () => Milliseconds;
  readonly log?: PackagingLog;
  /** In whose turn ffmpegs start; default: at once. */
  readonly pace?: StartPace;
  /** Default `auto`. */
  readonly remuxer?: RemuxerChoice;
  /** Instead of that. */
  readonly makeRemuxer?: LadderOptions["makeRemuxer"];
  readonly ladderLimits?: Partial<LadderLimits>;
  readonly limits?: Partial<SessionLimits>;
  /** Told of each part: how long after its last frame's arrival it is listed. */
  readonly onDelay?: (delay: Milliseconds) => void;
  /** Told when what viewers are given breaks a rule of HLS or DASH. */
  readonly onViolation?: (violation: Violation) => void;
  /** Told about each ffmpeg child. */
  readonly onChild?: (pid: number) => void;
}

/** `waiting`: no segment yet. `failed`: gave up, the reason is in `failure`. */
export type PackagingState = "waiting" | "live" | "ended" | "failed";

export interface PackagingStats extends RemuxCounters {
  readonly state: PackagingState;
  readonly failure: string | null;
  readonly segments: number;
  /** Bytes of media held for viewers. */
  readonly bytes: number;
  /** Null: the source alone. */
  readonly ladder: LadderStatus | null;
  /** What was found wrong with the playlists and segments so far. */
  readonly conformance: Verdict;
}

export interface Packaging {
  readonly stats: PackagingStats;
  /** Resolves when the last segment is listed and the playlists have their end. Never rejects. */
  readonly done: Promise<void>;
  /** Ends it as if the broadcast had ended; resolves with `done`. */
  stop(): Promise<void>;
}

/** HLS §6.2.2 wants three target durations; six let a player that is late still find its segments listed. */
const WINDOW_TARGET_DURATIONS = 6;
/** Media sequence numbers count from here: 2026-01-01T00:00:00Z. */
const NUMBERS_SINCE = 1_767_225_600;
/** Discontinuity sequence numbers count these, in seconds: hls.js walks over an array as long as the number with every playlist, so they must be small. */
const DISCONTINUITY_PERIOD = 6 * 3600;

export function startPackaging(options: PackagingOptions): Packaging {
  const { broadcast, delivery, ffmpeg, archive = null, pictures = null } = options;
  const now = options.now ?? (() => ms(Date.now()));
  const log = options.log ?? (() => {});
  let state: PackagingState = "waiting";
  let failure: string | null = null;
  let segments = 0;
  const done = Promise.withResolvers<void>();
  const { trace } = broadcast;
  const untilKeyframe = trace.child("broadcast.first_keyframe");
  const untilPart = trace.child("broadcast.first_part");

  const { part, isLow, batch } = LATENCY[broadcast.latency];
  const bySeconds = Math.max(0, Math.floor(broadcast.startedAt / 1000) - NUMBERS_SINCE);
  const first = Math.max(bySeconds, delivery.nextNumber(broadcast.slug));
  // Neither goes back while this process remembers it; after a restart the clock sees to it, but for many epochs within one period.
  const byPeriod = Math.floor(bySeconds / DISCONTINUITY_PERIOD);
  const discontinuity = Math.max(byPeriod, delivery.nextDiscontinuity(broadcast.slug));
  const window = makeSegmentWindow({
    startedAt: broadcast.startedAt,
    epochZero: first - discontinuity,
    targetDurations: WINDOW_TARGET_DURATIONS,
    dvrSeconds: archive === null ? 0 : broadcast.dvrSeconds,
    ...(isLow ? { partPrefix: first } : {}),
  });
  const feed = isLow ? makeFrameFeed() : null;
  const channel = delivery.open(broadcast.slug, window, {
    isPrivate: broadcast.visibility === "private",
    feed,
    archive,
    pictures,
  });
  archive?.watch(window);
  const watcher = makeWatcher({
    window,
    digest: (bytes) => Bun.hash(bytes).toString(36),
    ...(options.onViolation === undefined ? {} : { onViolation: options.onViolation }),
  });
  const packager = makePackager(
    {
      firstNumber: first,
      firstEpoch: first,
      partTarget: part,
      showsParts: isLow,
      ...(isLow ? { clock: broadcast.startedAt } : {}),
    },
    {
      ...(feed === null ? {} : { onFrame: feed.onFrame }),
      onPart(rendition, made, segment) {
        if (segments === 0) untilPart.end();
        const listedAt = now();
        window.setTime(listedAt);
        window.onPart(rendition, made, segment);
        channel.changed();
        // The timeline is that of arrival: there a part ends when the frame after it comes.
        const end = broadcast.startedAt + ((made.time + made.duration) * 1000) / segment.timescale;
        options.onDelay?.(ms(Math.max(0, listedAt - end)));
      },
      onPartTarget: window.onPartTarget,
      onSegment(rendition, segment) {
        window.setTime(now());
        window.onSegment(rendition, segment);
        archive?.onSegment(rendition, segment);
        pictures?.onSegment(rendition, segment);
        segments++;
        if (state === "waiting" && window.view !== null) state = "live";
        channel.changed();
        watcher.changed();
      },
      onTargetDuration(target) {
        window.onTargetDuration(target);
        archive?.onTargetDuration(target);
      },
      onDependentCut() {
        window.onDependentCut();
        log("packager.dependent-cut", {});
      },
    },
  );

  const remuxer = chooseRemuxer({
    choice: options.remuxer ?? "auto",
    ffmpeg,
    batch,
    trace: broadcast.trace,
    ...(options.onChild === undefined ? {} : { onChild: options.onChild }),
  });

  const begin = options.makeRemuxer ?? remuxer.makeRemuxer;
  const makeRemuxer: LadderOptions["makeRemuxer"] = (...args) => {
    untilKeyframe.end();
    return begin(...args);
  };
  const ladder =
    broadcast.quality === "source" ? null : makeLadder({ makeRemuxer, now, log, limits: options.ladderLimits ?? {} });

  const session = startRemuxSession({
    broadcast,
    makeRemuxer: ladder?.makeRemuxer ?? ((plan, sink, failures) => makeRemuxer(plan, sink, failures, [])),
    whyNot: remuxer.whyNot,
    paceOf: (plan) => (remuxer.startsFfmpeg(plan, ladder !== null) ? (options.pace ?? null) : null),
    now,
    log,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    sink: {
      onEpoch: packager.beginEpoch,
      onSample: packager.push,
      onEpochEnd: packager.endEpoch,
      takeBack: packager.takeBack,
      onEnd(reason) {
        packager.endEpoch();
        untilKeyframe.end("there was none");
        untilPart.end("there was none");
        failure = reason;
        state = reason === null ? "ended" : "failed";
        window.setTime(now());
        window.end();
        watcher.changed();
        channel.changed();
        channel.ended();
        log("packaging.end", { state, ...(reason === null ? {} : { reason }) });
        done.resolve();
      },
    },
  });

  return {
    get stats() {
      const media = { segments, bytes: window.size, ladder: ladder?.status ?? null };
      return { ...session.counters, state, failure, ...media, conformance: watcher.verdict };
    },
    done: done.promise,
    stop() {
      session.stop();
      return done.promise;
    },
  };
}

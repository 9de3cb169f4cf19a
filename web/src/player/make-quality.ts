/** How it plays, for a report now and then: bookkeeping over samples of the video. Pure: the caller owns the timer. Times are milliseconds. */
import type { EngineKind } from "./engine.ts";

export interface QualitySample {
  /** `performance.now()` of the sample. */
  readonly at: number;
  /** Of the video, in seconds. */
  readonly currentTime: number;
  /** The viewer paused or jumped, or nothing is loaded: standing still is right. */
  readonly resting: boolean;
  readonly player: EngineKind | null;
  readonly levelId: string | null;
  /** Of the picture at the live edge; null: not known, or somewhere else. */
  readonly latency: number | null;
  /** Of the video element, since its source was set. */
  readonly frames: number;
  readonly dropped: number;
}

/** What `POST /api/views/{sessionId}/quality` takes. */
export interface QualityReport {
  readonly player: EngineKind;
  readonly joinMs?: number;
  readonly playedMs: number;
  readonly stalledMs: number;
  readonly stalls: number;
  readonly latencyMs?: number;
  readonly switches: number;
  readonly frames: number;
  readonly dropped: number;
  readonly errors: number;
}

/** Between two samples there is more when the machine slept: that was neither playing nor a stall. */
const LONGEST_STEP_MS = 3_000;
/** What the API takes at most. */
const MOST = { time: 600_000, times: 1_000, frames: 200_000 } as const;

export interface Quality {
  look(sample: QualitySample): void;
  /** The first picture is there. */
  joined(joinMs: number): void;
  /** An engine gave up. */
  failed(): void;
  /** What happened since the last one; null when nothing played. */
  take(): QualityReport | null;
}

const nothing = () => ({
  played: 0,
  stalled: 0,
  stalls: 0,
  latencies: 0,
  samples: 0,
  switches: 0,
  frames: 0,
  dropped: 0,
  errors: 0,
});

export function makeQuality(): Quality {
  let sums = nothing();
  let joinMs: number | null = null;
  let last: QualitySample | null = null;
  let player: EngineKind | null = null;
  /** The picture has moved since it last had a reason to stand still. */
  let moving = false;
  let stalling = false;
  let levelId: string | null = null;

  const grown = (now: number, before: number) => (now >= before ? now - before : now);

  return {
    look(sample) {
      const before = last;
      last = sample;
      player = sample.player ?? player;
      if (sample.levelId !== null) {
        if (levelId !== null && levelId !== sample.levelId && before?.player === sample.player) sums.switches++;
        levelId = sample.levelId;
      }
      if (before === null) return;
      sums.frames += grown(sample.frames, before.frames);
      sums.dropped += grown(sample.dropped, before.dropped);
      const step = sample.at - before.at;
      const moved = sample.currentTime !== before.currentTime;
      if (sample.resting || step > LONGEST_STEP_MS) {
        moving = false;
        stalling = false;
      } else if (moved) {
        moving = true;
        stalling = false;
        sums.played += step;
        if (sample.latency !== null) {
          sums.latencies += sample.latency;
          sums.samples++;
        }
      } else if (moving) {
        if (!stalling) sums.stalls++;
        stalling = true;
        sums.stalled += step;
      }
    },
    joined: (ms) => {
      joinMs = ms;
    },
    failed: () => {
      sums.errors++;
    },
    take() {
      const { played, stalled, stalls, latencies, samples, switches, frames, dropped, errors } = sums;
      if (player === null || (played + stalled === 0 && joinMs === null)) return null;
      const time = (value: number) => Math.round(Math.min(value, MOST.time));
      const report: QualityReport = {
        player,
        ...(joinMs === null ? {} : { joinMs: time(joinMs) }),
        playedMs: time(played),
        stalledMs: time(stalled),
        stalls: Math.min(stalls, MOST.times),
        ...(samples === 0 ? {} : { latencyMs: Math.round(latencies / samples) }),
        switches: Math.min(switches, MOST.times),
        frames: Math.min(frames, MOST.frames),
        dropped: Math.min(dropped, MOST.frames),
        errors: Math.min(errors, MOST.times),
      };
      sums = nothing();
      joinMs = null;
      return report;
    },
  };
}

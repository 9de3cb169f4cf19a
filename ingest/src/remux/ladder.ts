/**
 * A quality ladder: the epoch's picture encoded smaller beside itself, by the one ffmpeg that remuxes it. A machine that can't keep up loses the
 * costliest rendition first and the source never; so does one whose encoder fails.
 */
import type { Milliseconds } from "../bytes/units.ts";
import { readVideoConfig } from "../flv/video-config.ts";
import type { Track } from "../packager/track.ts";
import { type Rung, rungsFor } from "./ladder-rungs.ts";
import type { EpochPlan, MakeRemuxer, Remuxer, RemuxSink } from "./remuxer.ts";

export interface LadderOptions {
  /** Encodes `rungs` beside the source, or leaves them out where it can't read that. */
  readonly makeRemuxer: (plan: EpochPlan, sink: RemuxSink, failures: number, rungs: readonly Rung[]) => Remuxer;
  readonly now: () => Milliseconds;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
  readonly limits?: Partial<LadderLimits>;
}

export interface LadderLimits {
  /** Media that may be on its way through the encoders. */
  readonly behindMs: number;
  /** How long it may be more before a rendition is dropped. */
  readonly patienceMs: number;
}

/** What a broadcast is offered in beside its source. */
export interface LadderStatus {
  /** Names of renditions, costliest first. */
  readonly renditions: readonly string[];
  /** `slow`: this machine could not keep up with them. `failed`: its ffmpeg could not encode them. */
  readonly dropped: readonly { readonly rendition: string; readonly reason: "slow" | "failed" }[];
}

export interface Ladder {
  readonly makeRemuxer: MakeRemuxer;
  readonly status: LadderStatus;
}

const DEFAULT_LIMITS: LadderLimits = { behindMs: 2_000, patienceMs: 10_000 };
/** A remuxer that has failed so often in a row fails because of what it encodes. */
const TRIES = 2;

export function makeLadder({ makeRemuxer, now, log, limits }: LadderOptions): Ladder {
  const { behindMs, patienceMs } = { ...DEFAULT_LIMITS, ...limits };
  let dropped: LadderStatus["dropped"] = [];
  let renditions: readonly string[] = [];

  function drop(rungs: readonly Rung[], reason: "slow" | "failed"): void {
    dropped = [...dropped, ...rungs.map(({ name }) => ({ rendition: name, reason }))];
    log("ladder.dropped", { renditions: rungs.map(({ name }) => name), reason });
  }

  function wanted({ heads }: EpochPlan): Rung[] {
    // A multitrack publisher has made its own.
    if (heads.some(({ trackId }) => trackId !== 0)) return [];
    const head = heads.find(({ kind }) => kind === "video");
    const size = head === undefined ? null : readVideoConfig(head.payload, head.codec);
    if (size === null) return [];
    return rungsFor(size).filter(({ name }) => !dropped.some(({ rendition }) => rendition === name));
  }

  return {
    get status() {
      return { renditions, dropped };
    },
    makeRemuxer(plan, sink, failures) {
      let rungs = wanted(plan);
      if (failures >= TRIES && rungs.length > 0) {
        drop(rungs, "failed");
        rungs = [];
      }
      renditions = [];
      if (rungs.length === 0) return makeRemuxer(plan, sink, failures, []);
      const costliest = rungs[0]!;
      let tracks: readonly Track[] = [];
      /** Milliseconds of the epoch: what went in, and what has come out of the slowest encoder. */
      let [fed, made] = [0, 0];
      let slowSince: Milliseconds | null = null;
      let isOver = false;
      const inner = makeRemuxer(
        plan,
        {
          onTracks(found) {
            let pictures = 0;
            tracks = found.map((track) => {
              const rung = track.kind === "video" ? rungs[pictures++ - 1] : undefined;
              return rung === undefined ? track : { ...track, rendition: rung.name };
            });
            renditions = tracks.flatMap(({ rendition }) => rendition ?? []);
            sink.onTracks(tracks);
          },
          onSample(track, sample) {
            const { rendition, timescale } = tracks[track]!;
            if (rendition === costliest.name) made = (sample.dts * 1000) / timescale;
            sink.onSample(track, sample);
          },
          onEnd(end) {
            isOver = true;
            sink.onEnd(end);
          },
        },
        failures,
        rungs,
      );

      /** Behind for long: from the next keyframe on another ffmpeg does without the costliest rendition, when this one has given out all it has. */
      function look(): void {
        if (isOver || renditions.length === 0) return;
        if (fed - made <= behindMs) slowSince = null;
        else if (slowSince === null) slowSince = now();
        else if (now() - slowSince >= patienceMs) {
          isOver = true;
          drop([costliest], "slow");
          sink.onRenew?.();
        }
      }

      return {
        push(tag) {
          inner.push(tag);
          if (tag.kind !== "video" || tag.isConfig || tag.isControl) return;
          fed = tag.timestamp - plan.base;
          look();
        },
        get queuedBytes() {
          return inner.queuedBytes;
        },
        end: () => inner.end(),
        kill: (reason) => inner.kill(reason),
      };
    },
  };
}

/** Which remuxer an epoch gets. */
import type { Milliseconds } from "../bytes/units.ts";
import type { MediaTag } from "../live/media-tag.ts";
import type { RemuxerChoice } from "../live/ports.ts";
import { NO_SPAN, type Span } from "../live/trace.ts";
import { type Ffmpeg, whyNot } from "./ffmpeg-probe.ts";
import { startFfmpegRemuxer } from "./ffmpeg-remuxer.ts";
import type { Rung } from "./ladder-rungs.ts";
import { startNativeRemuxer } from "./native/native-remuxer.ts";
import type { EpochPlan, MakeRemuxer, Remuxer, RemuxSink } from "./remuxer.ts";

export interface RemuxerOptions {
  readonly choice: RemuxerChoice;
  readonly ffmpeg: Ffmpeg;
  /** How much media crosses ffmpeg's pipes at once. */
  readonly batch: Milliseconds;
  readonly onChild?: (pid: number) => void;
  /** Of the broadcast; default: it is not traced. */
  readonly trace?: Span;
}

export interface RemuxerChooser {
  /** `rungs`: encoded beside the source, where this machine's ffmpeg can read that. */
  readonly makeRemuxer: (...args: [...Parameters<MakeRemuxer>, rungs?: readonly Rung[]]) => Remuxer;
  /** Whether that starts an ffmpeg; `hasRungs`: something is to be encoded. */
  readonly startsFfmpeg: (plan: EpochPlan, hasRungs: boolean) => boolean;
  /** Why a tag can't be remuxed, for the streamer; null when it can. */
  readonly whyNot: (tag: MediaTag) => string | null;
}

export function chooseRemuxer({ choice, ffmpeg, batch, onChild, trace = NO_SPAN }: RemuxerOptions): RemuxerChooser {
  // Opus in classic FLV is nobody's standard.
  const codecOf = (tag: MediaTag) => (tag.codec === "Opus" && !tag.isEnhanced ? "unsupported" : tag.codec);
  const ffmpegCant = (tag: MediaTag): string | null => whyNot(ffmpeg, codecOf(tag));
  const isReadable = ({ heads }: EpochPlan) => heads.every((head) => head.trackId === 0 && ffmpegCant(head) === null);
  function startsFfmpeg(plan: EpochPlan, hasRungs: boolean): boolean {
    // It is the only one that encodes.
    if (hasRungs && isReadable(plan)) return true;
    return choice === "ffmpeg" || (choice === "auto" && isReadable(plan));
  }
  return {
    startsFfmpeg,
    whyNot(tag) {
      if (choice === "ffmpeg") return ffmpegCant(tag);
      return codecOf(tag) === "unsupported" ? whyNot(ffmpeg, "unsupported") : null;
    },
    makeRemuxer(plan, sink, failures, rungs = []) {
      const isNative = !startsFfmpeg(plan, rungs.length > 0);
      const span = trace.child(isNative ? "remux.native" : "ffmpeg", {
        "streamhub.codecs": plan.heads.map(({ codec }) => codec).join(),
        "streamhub.encoded_renditions": rungs.length,
        "streamhub.failures_before": failures,
      });
      const watched: RemuxSink = {
        ...sink,
        onEnd(end) {
          span.end(end.kind === "failed" ? end.reason : null);
          sink.onEnd(end);
        },
      };
      try {
        if (isNative) return startNativeRemuxer(plan, watched);
        return startFfmpegRemuxer(plan, watched, {
          path: ffmpeg.path,
          verbose: failures > 0,
          batchMs: batch,
          rungs: isReadable(plan) ? rungs : [],
          ...(onChild === undefined ? {} : { onChild }),
        });
      } catch (error) {
        span.end("it did not start");
        throw error;
      }
    },
  };
}

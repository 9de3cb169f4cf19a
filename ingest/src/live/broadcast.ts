import type { Milliseconds } from "../bytes/units.ts";
import type { MediaTag } from "./media-tag.ts";

/** Whoever consumes a broadcast: a remuxer, an RTMP player, a recorder. Calls are synchronous; a sink must not throw. */
export interface BroadcastSink {
  onTag(tag: MediaTag): void;
  /** No tag comes after this. */
  onEnd(): void;
}

/** One channel's live media in this process, from its publisher to its sinks. */
export interface Broadcast {
  /** Public name: the key in /live/{slug}/ and in rtmp://host/live/{slug} for players. */
  readonly slug: string;
  /** The `streams` row, or null in `--open` mode. */
  readonly streamId: number | null;
  /** Unix time of the accepted publish. */
  readonly startedAt: Milliseconds;
  /**
   * Replays, in order, the cached script metadata, every cached decoder configuration and the GOP in progress (from its
   * keyframe), then passes on every tag as it arrives. Returns the way out. Also the way a sink restarts from the cached keyframe.
   */
  subscribe(sink: BroadcastSink): () => void;
  /** Ends the publisher's session with `NetStream.Publish.Rejected` and this reason (no secret in it: it is shown and logged). */
  refuse(code: string, reason: string): void;
}

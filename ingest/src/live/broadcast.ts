import { type Milliseconds, ms, unwrapTimestamp } from "../bytes/units.ts";
import { GopCache, type GopCacheLimits } from "./gop-cache.ts";
import type { LatencyProfile } from "./latency.ts";
import { type MediaKind, type MediaTag, makeMediaTag } from "./media-tag.ts";
import type { Quality, RemuxerChoice } from "./ports.ts";
import { NO_SPAN, type Span } from "./trace.ts";

/** Whoever consumes a broadcast: a remuxer, an RTMP player, a recorder. Calls are synchronous; a sink must not throw. */
export interface BroadcastSink {
  /**
   * True: nothing of a tag is kept when `onTag` returns; what is needed later is copied. While all sinks are so, a
   * GOP lies in memory that the next one uses again. Every other sink may keep tags for ever.
   */
  readonly keepsNothing?: boolean;
  onTag(tag: MediaTag): void;
  /** The publisher is gone; another one, with a GOP and configurations of its own, may go on. */
  onAway?(): void;
  /** No tag comes after this. */
  onEnd(): void;
}

/** One channel's live media in this process, from its publisher to its sinks. */
export interface Broadcast {
  /** Public name: the key in /live/{slug}/ and in rtmp://host/live/{slug} for players. */
  readonly slug: string;
  /** The `streams` row, or null in `--open` mode. */
  readonly streamId: number | null;
  /** `private`: media is refused to everyone without a playback token. */
  readonly visibility: "public" | "unlisted" | "private";
  readonly latency: LatencyProfile;
  /** `ladder`: smaller pictures are made of it too. */
  readonly quality: Quality;
  readonly remuxer: RemuxerChoice;
  readonly isRecorded: boolean;
  /** How far viewers may rewind; null: to the beginning. */
  readonly dvrSeconds: number | null;
  /** Of all that happens to it. */
  readonly trace: Span;
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

export interface BroadcastStats {
  readonly bytes: number;
  readonly tags: number;
  readonly keyframes: number;
  /** Messages whose FLV header could not be read; they were dropped. */
  readonly malformed: number;
  readonly gopBytes: number;
  readonly sinks: number;
}

/** Whoever sends a broadcast's media at the moment. */
export interface Publisher {
  /** Remote address. */
  readonly address: string;
  /** Unix time of the last bytes from it. */
  readonly lastSeen: Milliseconds;
  /** Ends its session with `NetStream.Publish.Rejected`. */
  refuse(code: string, reason: string): void;
}

export interface LiveBroadcastOptions {
  readonly slug: string;
  readonly streamId: number | null;
  readonly visibility: Broadcast["visibility"];
  readonly latency: LatencyProfile;
  /** Default: the source alone. */
  readonly quality?: Quality;
  /** Default: as the server is set. */
  readonly remuxer?: RemuxerChoice;
  /** Default: it is not. */
  readonly isRecorded?: boolean;
  /** Default: no further than players need. */
  readonly dvrSeconds?: number | null;
  /** Default: it is not traced. */
  readonly trace?: Span;
  readonly startedAt: Milliseconds;
  readonly publisher: Publisher;
  readonly gopLimits?: GopCacheLimits;
}

/** The publisher's side of a broadcast: its owner pushes messages and ends it. */
export class LiveBroadcast implements Broadcast {
  readonly slug: string;
  readonly streamId: number | null;
  readonly visibility: Broadcast["visibility"];
  readonly latency: LatencyProfile;
  readonly quality: Quality;
  readonly remuxer: RemuxerChoice;
  readonly isRecorded: boolean;
  readonly dvrSeconds: number | null;
  readonly trace: Span;
  readonly startedAt: Milliseconds;
  private readonly cache: GopCache;
  private sinks: readonly BroadcastSink[] = [];
  /** How many of them may keep tags. */
  private keepers = 0;
  /** Null while the publisher is away. */
  private current: Publisher | null;
  private away: Milliseconds | null = null;
  /** The publisher's own clock, continued past 2^32. */
  private lastWire: Milliseconds | null = null;
  /** What is added to it, so that time goes on when the publisher begins anew; null until its first media has come. */
  private offset: Milliseconds | null = ms(0);
  private lastTimestamp: Milliseconds | null = null;
  /** Where the first media of a publisher that came back belongs. */
  private resumesAt = ms(0);
  private ended = false;
  private bytes = 0;
  private tags = 0;
  private keyframes = 0;
  private malformed = 0;

  constructor(options: LiveBroadcastOptions) {
    this.current = options.publisher;
    this.slug = options.slug;
    this.streamId = options.streamId;
    this.visibility = options.visibility;
    this.latency = options.latency;
    this.quality = options.quality ?? "source";
    this.remuxer = options.remuxer ?? "auto";
    this.isRecorded = options.isRecorded ?? false;
    this.dvrSeconds = options.dvrSeconds === undefined ? 0 : options.dvrSeconds;
    this.trace = options.trace ?? NO_SPAN;
    this.startedAt = options.startedAt;
    this.cache = new GopCache(options.gopLimits);
  }

  get stats(): BroadcastStats {
    const { bytes, tags, keyframes, malformed } = this;
    return { bytes, tags, keyframes, malformed, gopBytes: this.cache.size, sinks: this.sinks.length };
  }

  /** One message from the publisher. `wireTimestamp`: milliseconds modulo 2^32; `payload`: an FLV tag body, not looked at later. */
  push(kind: MediaKind, wireTimestamp: number, payload: Uint8Array): void {
    if (this.ended) return;
    const wire = this.lastWire === null ? ms(wireTimestamp) : unwrapTimestamp(this.lastWire, wireTimestamp);
    const tag = makeMediaTag(kind, ms(wire + (this.offset ?? this.resumesAt - wire)), payload);
    this.bytes += payload.length;
    if (tag === null) {
      this.malformed++;
      return;
    }
    // Metadata and configurations often carry timestamp 0 in mid-stream: only media moves the clock.
    if (!tag.isConfig && !tag.isControl) {
      this.offset ??= ms(this.resumesAt - wire);
      this.lastWire = wire;
      this.lastTimestamp = tag.timestamp;
    }
    this.tags++;
    if (tag.isKeyframe) this.keyframes++;
    this.cache.add(tag, this.keepers > 0);
    for (const sink of this.sinks) sink.onTag(tag);
  }

  subscribe(sink: BroadcastSink): () => void {
    if (this.ended) {
      sink.onEnd();
      return () => {};
    }
    if (sink.keepsNothing !== true) this.cache.share();
    this.cache.replay((tag) => sink.onTag(tag));
    // Copied, not pushed: a sink may come or go while a tag is being handed round.
    this.setSinks([...this.sinks, sink]);
    return () => this.setSinks(this.sinks.filter((other) => other !== sink));
  }

  private setSinks(sinks: readonly BroadcastSink[]): void {
    this.sinks = sinks;
    this.keepers = sinks.filter((sink) => sink.keepsNothing !== true).length;
  }

  refuse(code: string, reason: string): void {
    if (!this.ended) this.current?.refuse(code, reason);
  }

  /** Of the last media, on the broadcast's own clock; null before there are any. */
  get mediaTime(): Milliseconds | null {
    return this.lastTimestamp;
  }

  /** Null while it is away. */
  get publisher(): Publisher | null {
    return this.current;
  }

  /** Unix time since when the publisher is away; null while it is there. */
  get awaySince(): Milliseconds | null {
    return this.away;
  }

  /** The publisher is gone. Sinks give out what they hold and wait. */
  suspend(now: Milliseconds): void {
    if (this.ended || this.current === null) return;
    this.current = null;
    this.away = now;
    this.trace.event("publisher.away");
    this.cache.reset();
    for (const sink of this.sinks) sink.onAway?.();
  }

  /** A publisher goes on with a suspended broadcast: its clock begins where time is now. */
  resume(publisher: Publisher, now: Milliseconds): void {
    if (this.ended || this.away === null) return;
    if (this.lastTimestamp !== null) {
      this.resumesAt = ms(this.lastTimestamp + Math.max(1, now - this.away));
      this.lastWire = null;
      this.offset = null;
    }
    this.current = publisher;
    this.away = null;
    this.trace.event("publisher.back");
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.current = null;
    this.trace.end();
    const { sinks } = this;
    this.sinks = [];
    this.cache.clear();
    for (const sink of sinks) sink.onEnd();
  }
}

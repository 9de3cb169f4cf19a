import { isMetadata } from "../flv/script.ts";
import type { MediaTag } from "./media-tag.ts";

/** Bounds of what a broadcast keeps for those who join. */
export interface GopCacheLimits {
  /** A GOP larger than this is not kept: who joins waits for the next keyframe. */
  readonly maxBytes: number;
  readonly maxTags: number;
  /** Tracks whose configurations are kept, over audio and video. */
  readonly maxTracks: number;
}

export const DEFAULT_GOP_CACHE_LIMITS: GopCacheLimits = { maxBytes: 16 * 1024 * 1024, maxTags: 4096, maxTracks: 32 };

/** Script metadata, decoder configurations by track, and the GOP in progress: all that a new sink needs to begin at once. */
export class GopCache {
  private metadata: MediaTag | null = null;
  private readonly configs = new Map<string, MediaTag>();
  private gop: MediaTag[] = [];
  private gopBytes = 0;
  /** Set once somebody was given a tag of this GOP and may keep it. */
  private isShared = false;

  /** `release`: gives back the memory of a payload that nobody can hold any more. */
  constructor(
    private readonly limits: GopCacheLimits = DEFAULT_GOP_CACHE_LIMITS,
    private readonly release: ((payload: Uint8Array) => void) | null = null,
  ) {}

  /** Bytes held for the GOP. */
  get size(): number {
    return this.gopBytes;
  }

  add(tag: MediaTag): void {
    if (tag.kind === "script") {
      // Cue points and timecodes belong to their moment: they must not replace what describes the stream.
      if (isMetadata(tag.payload)) this.metadata = keepAlone(tag);
      return;
    }
    if (tag.isConfig) {
      const track = `${tag.kind}${tag.trackId}`;
      if (this.configs.has(track) || this.configs.size < this.limits.maxTracks) this.configs.set(track, keepAlone(tag));
      return;
    }
    if (tag.isControl) return;
    // A multitrack video's other renditions have their own keyframes: track 0 alone begins a GOP.
    if (tag.isKeyframe && tag.trackId === 0) this.clear();
    else if (this.gop.length === 0) return;
    this.gop.push(isCrumb(tag) ? keepAlone(tag) : tag);
    this.gopBytes += tag.payload.length;
    if (this.gopBytes > this.limits.maxBytes || this.gop.length > this.limits.maxTags) {
      // Given up, not over: this tag is still to be handed round.
      this.share();
      this.clear();
    }
  }

  /** From now to the next GOP, tags belong to somebody else too. */
  share(): void {
    this.isShared = true;
  }

  clear(): void {
    if (this.release !== null && !this.isShared) for (const tag of this.gop) this.release(tag.payload);
    this.gop = [];
    this.gopBytes = 0;
    this.isShared = false;
  }

  replay(to: (tag: MediaTag) => void): void {
    if (this.metadata !== null) to(this.metadata);
    for (const config of this.configs.values()) to(config);
    for (const tag of this.gop) to(tag);
  }
}

/** A view that would keep much more alive than it shows: `size` would not tell what the cache holds. */
function isCrumb(tag: MediaTag): boolean {
  return tag.payload.length * 4 < tag.payload.buffer.byteLength;
}

/** A small tag that lives for the whole broadcast must not keep the socket read alive that it is a view of. */
function keepAlone(tag: MediaTag): MediaTag {
  return { ...tag, payload: new Uint8Array(tag.payload) };
}

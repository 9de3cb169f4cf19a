import { readColourInfo } from "../flv/colour-info.ts";
import { isMetadata } from "../flv/script.ts";
import { GopTags } from "./gop-tags.ts";
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

/**
 * Script metadata, decoder configurations and colours by track, and the GOP in progress: all that a new sink needs to begin at once. Tags come
 * with payloads that are good for the moment only; what is kept is copied, once.
 */
export class GopCache {
  private metadata: MediaTag | null = null;
  private readonly configs = new Map<string, MediaTag>();
  /** What the publisher tells of its pictures' colours beside them, by track. */
  private readonly colours = new Map<number, MediaTag>();
  private readonly gop = new GopTags();

  constructor(private readonly limits: GopCacheLimits = DEFAULT_GOP_CACHE_LIMITS) {}

  /** Bytes held for the GOP. */
  get size(): number {
    return this.gop.bytes;
  }

  /**
   * Keeps what of the tag belongs here. `forEver`: afterwards its payload is good for as long as anybody likes, as those of scripts and
   * configurations always are; else no longer than before.
   */
  add(tag: MediaTag, forEver: boolean): void {
    if (tag.kind === "script") {
      moveTo(tag, new Uint8Array(tag.payload));
      // Cue points and timecodes belong to their moment: they must not replace what describes the stream.
      if (isMetadata(tag.payload)) this.metadata = tag;
      return;
    }
    if (tag.isConfig) {
      moveTo(tag, new Uint8Array(tag.payload));
      const track = `${tag.kind}${tag.trackId}`;
      if (this.configs.has(track) || this.configs.size < this.limits.maxTracks) this.configs.set(track, tag);
      return;
    }
    if (tag.kind === "video" && tag.isControl && readColourInfo(tag.payload) !== null) {
      moveTo(tag, new Uint8Array(tag.payload));
      if (this.colours.has(tag.trackId) || this.colours.size < this.limits.maxTracks)
        this.colours.set(tag.trackId, tag);
      return;
    }
    const { gop } = this;
    // A multitrack video's other renditions have their own keyframes: track 0 alone begins a GOP.
    const beginsGop = tag.isKeyframe && tag.trackId === 0;
    if (beginsGop) gop.clear();
    if (tag.isControl || !(beginsGop || gop.length > 0)) {
      if (forEver) moveTo(tag, new Uint8Array(tag.payload));
      return;
    }
    gop.push(tag);
    if (forEver) {
      gop.share();
      moveTo(tag, gop.payload(gop.length - 1));
    }
    if (gop.bytes > this.limits.maxBytes || gop.length > this.limits.maxTags) this.clear();
  }

  /** Somebody was given the tags kept so far, and may keep them: their memory is not used again. */
  share(): void {
    this.gop.share();
  }

  clear(): void {
    this.gop.clear();
  }

  /** Another encoder, or the same one begun anew: nothing of before describes what comes. */
  reset(): void {
    this.clear();
    this.metadata = null;
    this.configs.clear();
    this.colours.clear();
  }

  replay(to: (tag: MediaTag) => void): void {
    if (this.metadata !== null) to(this.metadata);
    for (const config of this.configs.values()) to(config);
    for (const colour of this.colours.values()) to(colour);
    for (let index = 0; index < this.gop.length; index++) to(this.gop.tag(index));
  }
}

/** Nobody has seen the tag yet, so it may still be given its payload's final place. */
function moveTo(tag: { payload: Uint8Array }, payload: Uint8Array): void {
  tag.payload = payload;
}

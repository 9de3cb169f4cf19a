import { ms } from "../bytes/units.ts";
import { GopMemory } from "./gop-memory.ts";
import type { Codec, MediaTag } from "./media-tag.ts";

/** timestamp, place of the payload, its size, description. */
const COLUMNS = 4;
const FIRST_CAPACITY = 256;

const IS_VIDEO = 1;
const IS_KEYFRAME = 2;
const IS_ENHANCED = 4;
/** E-RTMP: 8 bits. */
const TRACK_ID_SHIFT = 3;
const CODEC_SHIFT = 11;

/**
 * The frames of the GOP in progress as numbers and bytes. As objects, 150 per GOP and stream, they were most of what the garbage collector
 * had to mark: each lives just long enough to be taken for old. Tags are made of them for those who join.
 */
export class GopTags {
  private readonly memory = new GopMemory();
  /** Codecs by their number in descriptions; one or two. */
  private readonly codecs: Codec[] = [];
  private rows = new Float64Array(FIRST_CAPACITY * COLUMNS);
  private used = 0;
  private total = 0;

  get length(): number {
    return this.used;
  }

  /** Bytes of all payloads. */
  get bytes(): number {
    return this.total;
  }

  /** Takes a frame: neither configuration nor control nor script. */
  push(tag: MediaTag): void {
    const at = this.used * COLUMNS;
    if (at === this.rows.length) {
      const grown = new Float64Array(2 * at);
      grown.set(this.rows);
      this.rows = grown;
    }
    const { rows } = this;
    const { payload } = tag;
    rows[at] = tag.timestamp;
    rows[at + 1] = this.memory.put(payload);
    rows[at + 2] = payload.length;
    rows[at + 3] = this.describe(tag);
    this.used++;
    this.total += payload.length;
  }

  /** The payload as it lies here; see `share` for how long it is good. */
  payload(index: number): Uint8Array {
    const at = index * COLUMNS;
    return this.memory.view(this.rows[at + 1]!, this.rows[at + 2]!);
  }

  tag(index: number): MediaTag {
    const at = index * COLUMNS;
    const description = this.rows[at + 3]!;
    return {
      kind: (description & IS_VIDEO) !== 0 ? "video" : "audio",
      timestamp: ms(this.rows[at]!),
      payload: this.payload(index),
      codec: this.codecs[description >> CODEC_SHIFT]!,
      isConfig: false,
      isKeyframe: (description & IS_KEYFRAME) !== 0,
      isEnhanced: (description & IS_ENHANCED) !== 0,
      trackId: (description >> TRACK_ID_SHIFT) & 0xff,
      isControl: false,
    };
  }

  /** Payloads of this GOP, those to come too, are good for ever. Without it they are until the first `push` after `clear`. */
  share(): void {
    this.memory.share();
  }

  clear(): void {
    this.used = 0;
    this.total = 0;
    this.memory.reset();
  }

  private describe({ kind, isKeyframe, isEnhanced, trackId, codec }: MediaTag): number {
    let number = this.codecs.indexOf(codec);
    if (number < 0) number = this.codecs.push(codec) - 1;
    return (
      (kind === "video" ? IS_VIDEO : 0) |
      (isKeyframe ? IS_KEYFRAME : 0) |
      (isEnhanced ? IS_ENHANCED : 0) |
      (trackId << TRACK_ID_SHIFT) |
      (number << CODEC_SHIFT)
    );
  }
}

/** Reads the tags of a whole FLV file in memory (Adobe FLV 10.1 §E.2-E.4). */
import { FLV_TAG_HEADER_SIZE, FlvTagType } from "../../src/flv/mux.ts";
import type { MediaKind } from "../../src/live/media-tag.ts";

export interface FlvTag {
  readonly kind: MediaKind;
  readonly timestamp: number;
  readonly body: Uint8Array;
}

const KINDS: Readonly<Record<number, MediaKind>> = {
  [FlvTagType.audio]: "audio",
  [FlvTagType.video]: "video",
  [FlvTagType.script]: "script",
};

/** A file cut off in a tag yields the tags before it. */
export function readFlvTags(file: Uint8Array): FlvTag[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 13 || view.getUint32(0) >>> 8 !== 0x464c56) throw new Error("Not an FLV file.");
  const tags: FlvTag[] = [];
  let at = view.getUint32(5) + 4;
  while (at + FLV_TAG_HEADER_SIZE <= file.length) {
    const size = view.getUint32(at) & 0xffffff;
    const timestamp = ((view.getUint32(at + 4) >>> 8) | (file[at + 7]! << 24)) >>> 0;
    const start = at + FLV_TAG_HEADER_SIZE;
    if (start + size > file.length) break;
    const kind = KINDS[file[at]! & 0x1f];
    if (kind !== undefined) tags.push({ kind, timestamp, body: file.subarray(start, start + size) });
    at = start + size + 4;
  }
  return tags;
}

/** Reads the tags of an endless FLV as it comes, whatever the pieces. */
import { FLV_TAG_HEADER_SIZE, FlvTagType } from "../../src/flv/mux.ts";
import type { MediaKind } from "../../src/live/media-tag.ts";
import type { FlvTag } from "./flv-file.ts";

const KINDS: Readonly<Record<number, MediaKind>> = {
  [FlvTagType.audio]: "audio",
  [FlvTagType.video]: "video",
  [FlvTagType.script]: "script",
};
const FILE_HEADER = 13;

export interface FlvReader {
  /** Throws a sentence for bytes that are no FLV. Bodies are views: they hold until the next call. */
  push(bytes: Uint8Array): void;
}

export function makeFlvReader(onTag: (tag: FlvTag) => void): FlvReader {
  let rest = new Uint8Array(0);
  let isBegun = false;
  return {
    push(bytes) {
      let data = bytes;
      if (rest.length > 0) {
        data = new Uint8Array(rest.length + bytes.length);
        data.set(rest);
        data.set(bytes, rest.length);
      }
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      let at = 0;
      if (!isBegun) {
        if (data.length >= 3 && view.getUint16(0) !== 0x464c) throw new Error("answered with what is not FLV");
        if (data.length < FILE_HEADER) {
          rest = data.slice();
          return;
        }
        at = FILE_HEADER;
        isBegun = true;
      }
      while (at + FLV_TAG_HEADER_SIZE <= data.length) {
        const kind = KINDS[data[at]! & 0x1f];
        if (kind === undefined) throw new Error("sent a tag that FLV does not know");
        const size = view.getUint32(at) & 0xffffff;
        const start = at + FLV_TAG_HEADER_SIZE;
        if (start + size + 4 > data.length) break;
        const timestamp = ((view.getUint32(at + 4) >>> 8) | (data[at + 7]! << 24)) >>> 0;
        onTag({ kind, timestamp, body: data.subarray(start, start + size) });
        at = start + size + 4;
      }
      rest = data.slice(at);
    },
  };
}

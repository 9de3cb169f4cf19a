/** FLV file framing, Adobe FLV 10.1 §E.2-E.4: header(9) PreviousTagSize0(4), then per tag: header(11) body PreviousTagSize(4). */

export const FlvTagType = { audio: 8, video: 9, script: 18 } as const;
export type FlvTagType = (typeof FlvTagType)[keyof typeof FlvTagType];

export const FLV_TAG_HEADER_SIZE = 11;

/** §E.2, with PreviousTagSize0. */
export function encodeFlvHeader(hasAudio: boolean, hasVideo: boolean): Uint8Array {
  return new Uint8Array([0x46, 0x4c, 0x56, 1, (hasAudio ? 4 : 0) | (hasVideo ? 1 : 0), 0, 0, 0, 9, 0, 0, 0, 0]);
}

/** §E.4.1 into `out` at `at`. `timestamp`: milliseconds, taken modulo 2^32. */
export function writeFlvTagHeader(
  out: Uint8Array,
  at: number,
  type: FlvTagType,
  bodySize: number,
  timestamp: number,
): void {
  out[at] = type;
  out[at + 1] = bodySize >> 16;
  out[at + 2] = bodySize >> 8;
  out[at + 3] = bodySize;
  out[at + 4] = timestamp >> 16;
  out[at + 5] = timestamp >> 8;
  out[at + 6] = timestamp;
  out[at + 7] = (timestamp >>> 0) >>> 24;
  out[at + 8] = 0;
  out[at + 9] = 0;
  out[at + 10] = 0;
}

/** One whole tag with its PreviousTagSize. */
export function encodeFlvTag(type: FlvTagType, timestamp: number, body: Uint8Array): Uint8Array {
  const size = FLV_TAG_HEADER_SIZE + body.length;
  const out = new Uint8Array(size + 4);
  writeFlvTagHeader(out, 0, type, body.length, timestamp % 2 ** 32);
  out.set(body, FLV_TAG_HEADER_SIZE);
  out[size] = size >>> 24;
  out[size + 1] = size >>> 16;
  out[size + 2] = size >>> 8;
  out[size + 3] = size;
  return out;
}

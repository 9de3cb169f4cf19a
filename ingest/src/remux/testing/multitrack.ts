/** Pictures beside the source's as OBS sends them with Enhanced Broadcasting (E-RTMP v2 "Enhanced Video", MultitrackType OneTrack): for tests. */
import type { FlvTag } from "./flv.ts";

const MULTITRACK = 6;
const AVC1 = [0x61, 0x76, 0x63, 0x31];
const END = 2;

/** The pictures of a classic FLV with H.264 as a track of its own. */
export const onTrack = (trackId: number, tags: readonly FlvTag[]): FlvTag[] =>
  tags.filter(({ kind, body }) => kind === "video" && body[1] !== END).map((tag) => tagOnTrack(trackId, tag));

function tagOnTrack(trackId: number, { kind, timestamp, body }: FlvTag): FlvTag {
  const frameType = body[0]! >> 4;
  const isFrame = body[1] === 1;
  const head = [0x80 | (frameType << 4) | MULTITRACK, isFrame ? 1 : 0, ...AVC1, trackId];
  const data = body.subarray(isFrame ? 2 : 5);
  const bytes = new Uint8Array(head.length + data.length);
  bytes.set(head);
  bytes.set(data, head.length);
  return { kind, timestamp, body: bytes };
}

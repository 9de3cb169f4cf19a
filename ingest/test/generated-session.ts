/** Publishing sessions made of parts: the material that laws and fuzz cut, mix and damage. */
import { encodeMessage } from "../src/rtmp/chunk/encoder.ts";
import type { Message } from "../src/rtmp/chunk/header.ts";
import { connect, createStream, HANDSHAKE, publish } from "./server/peer-bytes.ts";
import { concat } from "./vectors/wire.ts";

export interface Part {
  readonly csid: number;
  readonly typeId: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export const START = concat(HANDSHAKE, connect(), createStream(), publish("KEY"));

/** The chunks of one message, each with its header. */
export function chunksOf(part: Part, chunkSize: number): Uint8Array[] {
  const { csid, typeId, timestamp, payload } = part;
  const message: Message = { typeId, streamId: 1, timestamp, payload };
  const whole = encodeMessage(message, csid, chunkSize);
  const basic = csid <= 63 ? 1 : csid <= 319 ? 2 : 3;
  const extended = timestamp >= 0xffffff ? 4 : 0;
  const chunks: Uint8Array[] = [];
  let at = 0;
  let left = payload.length;
  do {
    const header = basic + extended + (at === 0 ? 11 : 0);
    const count = Math.min(left, chunkSize);
    chunks.push(whole.subarray(at, at + header + count));
    at += header + count;
    left -= count;
  } while (left > 0);
  return chunks;
}

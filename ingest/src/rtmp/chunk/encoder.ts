/** Messages to chunks, RTMP 1.0 §5.3. */
import { assertCsid } from "./csid.ts";
import { EXTENDED_TIMESTAMP, type Message } from "./header.ts";

/** Bytes of the basic header for a chunk stream id (§5.3.1.1). */
function basicHeaderSize(csid: number): number {
  return csid <= 63 ? 1 : csid <= 319 ? 2 : 3;
}

function writeBasicHeader(out: Uint8Array, at: number, fmt: number, csid: number): number {
  const high = fmt << 6;
  if (csid <= 63) {
    out[at] = high | csid;
    return at + 1;
  }
  if (csid <= 319) {
    out[at] = high;
    out[at + 1] = csid - 64;
    return at + 2;
  }
  out[at] = high | 1;
  out[at + 1] = (csid - 64) & 0xff;
  out[at + 2] = (csid - 64) >> 8;
  return at + 3;
}

function writeU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

/**
 * One message as chunks: fmt 0 first, then fmt 3. Stateless on purpose: the same bytes serve every receiver that has this
 * chunk size, whatever was sent to it before.
 */
export function encodeMessage(message: Message, csid: number, chunkSize: number): Uint8Array {
  assertCsid(csid);
  const { payload, timestamp } = message;
  const length = payload.length;
  const extended = timestamp >= EXTENDED_TIMESTAMP;
  const continuations = length === 0 ? 0 : Math.ceil(length / chunkSize) - 1;
  const basic = basicHeaderSize(csid);
  const extra = extended ? 4 : 0;
  const out = new Uint8Array(basic + 11 + extra + length + continuations * (basic + extra));

  let at = writeBasicHeader(out, 0, 0, csid);
  const field = extended ? EXTENDED_TIMESTAMP : timestamp;
  out[at] = field >> 16;
  out[at + 1] = field >> 8;
  out[at + 2] = field;
  out[at + 3] = length >> 16;
  out[at + 4] = length >> 8;
  out[at + 5] = length;
  out[at + 6] = message.typeId;
  out[at + 7] = message.streamId;
  out[at + 8] = message.streamId >>> 8;
  out[at + 9] = message.streamId >>> 16;
  out[at + 10] = message.streamId >>> 24;
  at += 11;
  if (extended) at = writeU32(out, at, timestamp);

  let sent = Math.min(length, chunkSize);
  out.set(sent === length ? payload : payload.subarray(0, sent), at);
  at += sent;
  while (sent < length) {
    at = writeBasicHeader(out, at, 3, csid);
    // §5.3.1.3: the extended timestamp is repeated on fmt 3.
    if (extended) at = writeU32(out, at, timestamp);
    const count = Math.min(length - sent, chunkSize);
    out.set(payload.subarray(sent, sent + count), at);
    at += count;
    sent += count;
  }
  return out;
}
